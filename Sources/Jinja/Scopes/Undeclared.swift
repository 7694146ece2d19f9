/// Finds names that a body reads before assigning them, including in inner loops and macros.
struct Undeclared {
    private var names: Set<String>
    private var found: Set<String> = []

    /// Returns the members of `names` that `body` reads before assigning them.
    static func names(_ names: Set<String>, in body: [any Statement]) -> Set<String> {
        var search = Undeclared(names: names)
        for statement in body { search.visit(statement) }
        return search.found
    }

    private mutating func visit(_ node: any Node) {
        guard let name = node as? Name else {
            var children: [any Node] = []
            node.forEachChild { children.append($0) }
            for child in children { visit(child) }
            return
        }
        if name.role == .load, names.contains(name.name) {
            found.insert(name.name)
        } else {
            names.remove(name.name)
        }
    }
}
