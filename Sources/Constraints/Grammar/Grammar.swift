/// A context-free grammar over bytes. Schemas, regular expressions and written grammars all become one.
package struct Grammar: Sendable {
    private(set) var rules: [GrammarNode] = []
    /// Names of rules, for messages.
    private(set) var names: [String] = []
    var start = GrammarNode.empty

    init() {}

    /// Adds a rule to be defined later. Returns its number.
    mutating func declare(_ name: String) -> Int {
        rules.append(.nothing)
        names.append(name)
        return rules.count - 1
    }

    mutating func define(_ rule: Int, as node: GrammarNode) { rules[rule] = node }

    /// Adds a rule. Returns a reference to it.
    mutating func add(_ name: String, _ node: GrammarNode) -> GrammarNode {
        let rule = declare(name)
        define(rule, as: node)
        return .rule(rule)
    }
}
