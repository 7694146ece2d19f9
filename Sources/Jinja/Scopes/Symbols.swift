/// The symbol table of one scope during resolution, by the rules of jinja2's `idtracking`.
///
/// Assigning a name creates a variable in the current scope, initialised from the enclosing one. That is why
/// assignments in a loop do not persist.
final class Symbols {
    /// A variable: the name in the scope that defines it.
    struct Variable: Hashable {
        let level: Int
        let name: String
    }

    enum Load {
        /// A parameter or a loop's target, set on entry.
        case parameter
        /// The caller's variable, if any.
        case global
        case outer(Variable)
        case nothing
    }

    let level: Int
    let parent: Symbols?
    /// The function whose activation holds this scope's slots.
    let function: Int
    private(set) var variables: [String: Variable] = [:]
    private(set) var loads: [Variable: Load] = [:]
    private var stores: Set<String> = []

    init(in parent: Symbols?, function: Int) {
        (self.parent, self.function) = (parent, function)
        level = parent.map { $0.level + 1 } ?? 0
    }

    /// A copy for one branch of an `if`.
    func copy() -> Symbols {
        let copy = Symbols(in: parent, function: function)
        (copy.variables, copy.loads, copy.stores) = (variables, loads, stores)
        return copy
    }

    func variable(of name: String) -> Variable? { variables[name] ?? parent?.variable(of: name) }

    /// The function that holds a variable's slot.
    func function(of variable: Variable) -> Int {
        var symbols = self
        while symbols.level > variable.level, let parent = symbols.parent { symbols = parent }
        return symbols.function
    }

    private func define(_ name: String, _ load: Load) {
        let variable = Variable(level: level, name: name)
        variables[name] = variable
        loads[variable] = load
    }

    func store(_ name: String) {
        stores.insert(name)
        guard variables[name] == nil else { return }
        define(name, parent?.variable(of: name).map { .outer($0) } ?? .nothing)
    }

    func declareParameter(_ name: String) {
        stores.insert(name)
        define(name, .parameter)
    }

    func load(_ name: String) {
        if variable(of: name) == nil { define(name, .global) }
    }

    /// Merges the definitions of an `if`'s branches. A name that only some branches assign starts with the outer value.
    func merge(_ branches: [Symbols]) {
        var stored: Set<String> = []
        for branch in branches { stored.formUnion(branch.stores) }
        stored.subtract(stores)
        for branch in branches {
            variables.merge(branch.variables) { _, new in new }
            loads.merge(branch.loads) { _, new in new }
            stores.formUnion(branch.stores)
        }
        for name in stored {
            guard let target = variable(of: name) else { continue }
            loads[target] = parent?.variable(of: name).map { .outer($0) } ?? .global
        }
    }
}

extension Symbols {
    /// Records the names that a node reads and assigns in this scope. Inner scopes have their own tables.
    func note(_ node: any Node) {
        switch node {
        case let name as Name:
            switch name.role {
            case .parameter: declareParameter(name.name)
            case .store: store(name.name)
            case .load: load(name.name)
            }
        case let node as If: note(node.branches[...], otherwise: node.otherwise)
        case let node as MacroDefinition: store(node.target.name)
        case let node as Assign:
            note(node.expression)
            node.target.forEachNode(note)
        case let node as For: note(node.iterable)
        case let node as CallBlock: note(node.call)
        case is GenerationBlock: break
        case let node as FilterBlock: note(node.filter)
        case let node as With: node.values.forEach { note($0) }
        case let node as AssignBlock: node.target.forEachNode(note)
        default: node.forEachChild(note)
        }
    }

    func note(_ statements: [any Statement]) { statements.forEach { note($0) } }

    private func note(_ branches: ArraySlice<If.Branch>, otherwise: [any Statement]) {
        guard let first = branches.first else { return }
        note(first.test)
        let (body, others, last) = (copy(), copy(), copy())
        body.note(first.body)
        for branch in branches.dropFirst() { others.note([branch], otherwise: []) }
        last.note(otherwise)
        merge([body, others, last])
    }
}
