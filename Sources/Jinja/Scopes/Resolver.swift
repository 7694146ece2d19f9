/// Assigns an address to each name of a template and rejects unknown filters and tests.
struct Resolver {
    private var layout = Layout()
    /// The slots of each function's variables, indexed by function.
    private var slots: [[Symbols.Variable: Int]] = []
    private var globals: [String: Int] = [:]

    static func layout(
        of body: [any Statement], names: Int, scopes: Int
    ) throws(TemplateError) -> Layout {
        var resolver = Resolver()
        resolver.layout.addresses = Array(repeating: Address(), count: names)
        resolver.layout.scopes = Array(repeating: ScopeLayout(), count: scopes + 1)
        resolver.layout.functionOfScope = Array(repeating: 0, count: scopes + 1)
        resolver.layout.loopSlots = Array(repeating: nil, count: scopes + 1)
        let symbols = Symbols(in: nil, function: resolver.makeFunction())
        symbols.note(body)
        try resolver.resolve(body, symbols)
        resolver.finish(0, symbols)
        return resolver.layout
    }

    private mutating func makeFunction() -> Int {
        layout.functions.append(FunctionLayout())
        slots.append([:])
        return slots.count - 1
    }

    private mutating func slot(of variable: Symbols.Variable, in function: Int) -> Int {
        if let slot = slots[function][variable] { return slot }
        let slot = layout.functions[function].slotCount
        slots[function][variable] = slot
        layout.functions[function].slotCount += 1
        return slot
    }

    /// Addresses count hops from the running function. Functions nest as their symbols do.
    private mutating func address(of variable: Symbols.Variable, from symbols: Symbols) -> Address {
        let function = symbols.function(of: variable)
        var hops = 0
        var (current, scope) = (symbols.function, Optional(symbols))
        while current != function, let outer = scope?.parent {
            if outer.function != current { hops += 1 }
            (current, scope) = (outer.function, outer)
        }
        return Address(hops: hops, slot: slot(of: variable, in: function))
    }

    private mutating func global(_ name: String) -> Int {
        if let index = globals[name] { return index }
        globals[name] = layout.globalNames.count
        layout.globalNames.append(name)
        return layout.globalNames.count - 1
    }

    /// Records what the scope does on entry and exit, once all its names are known.
    private mutating func finish(_ scope: Int, _ symbols: Symbols) {
        layout.functionOfScope[scope] = symbols.function
        var result = ScopeLayout()
        for (variable, load) in symbols.loads {
            let slot = slot(of: variable, in: symbols.function)
            result.slots.append(slot)
            switch load {
            case .parameter: break
            case .global: result.loads.append((slot, .global(global(variable.name))))
            // The hops from inside this scope: one more than from the parent if this scope has its own function.
            case .outer(let outer): result.loads.append((slot, .outer(address(of: outer, from: symbols))))
            case .nothing: result.loads.append((slot, .nothing))
            }
        }
        layout.scopes[scope] = result
    }

    private mutating func resolve(_ statements: [any Statement], _ symbols: Symbols, isSoft: Bool = false)
        throws(TemplateError)
    {
        for statement in statements { try resolve(statement, symbols, isSoft: isSoft) }
    }

    /// - Parameter isSoft: whether a condition guards this node, so that an unknown filter or test fails only if
    ///   evaluated.
    private mutating func resolve(_ node: any Node, _ symbols: Symbols, isSoft: Bool = false) throws(TemplateError) {
        switch node {
        case let name as Name:
            symbols.load(name.name)
            if let variable = symbols.variable(of: name.name) {
                layout.addresses[name.id] = address(of: variable, from: symbols)
            }
        case let node as If:
            for branch in node.branches {
                try resolve(branch.test, symbols, isSoft: true)
                try resolve(branch.body, symbols, isSoft: true)
            }
            try resolve(node.otherwise, symbols, isSoft: true)
        case let node as For: try resolve(node, symbols, isSoft: isSoft)
        case let node as MacroDefinition:
            try resolve(node.target, symbols)
            try resolve(node.macro, symbols)
        case let node as CallBlock:
            try resolve(node.macro, symbols)
            try resolve(node.call, symbols, isSoft: isSoft)
        case let node as GenerationBlock: try resolve(node.macro, symbols)
        case let node as FilterBlock:
            let inner = Symbols(in: symbols, function: symbols.function)
            inner.note(node.body)
            inner.note(node.filter)
            try resolve(node.body, inner)
            try resolve(node.filter, inner)
            finish(node.scope, inner)
        case let node as With:
            let inner = Symbols(in: symbols, function: symbols.function)
            node.targets.forEach { $0.forEachNode(inner.note) }
            inner.note(node.body)
            for target in node.targets { try resolve(target, inner) }
            for value in node.values { try resolve(value, symbols, isSoft: isSoft) }
            try resolve(node.body, inner)
            finish(node.scope, inner)
        case let node as AssignBlock:
            let inner = Symbols(in: symbols, function: symbols.function)
            inner.note(node.body)
            if let filter = node.filter { inner.note(filter) }
            try resolve(node.body, inner)
            if let filter = node.filter { try resolve(filter, inner) }
            try resolve(node.target, symbols)
            finish(node.scope, inner)
        default: try resolveParts(of: node, symbols, isSoft: isSoft)
        }
    }

    private mutating func resolveParts(of node: any Node, _ symbols: Symbols, isSoft: Bool) throws(TemplateError) {
        if let filter = node as? Filter, !filter.exists, !isSoft {
            throw .syntax(line: filter.line, problem: "no filter named '\(filter.name)'")
        }
        if let test = node as? TestExpression, !test.exists, !isSoft {
            throw .syntax(line: test.line, problem: "no test named '\(test.name)'")
        }
        let isSoft = isSoft || node is Conditional
        var children: [any Node] = []
        node.forEachChild { children.append($0) }
        for child in children { try resolve(child, symbols, isSoft: isSoft) }
    }

    private mutating func resolve(_ target: Target, _ symbols: Symbols) throws(TemplateError) {
        var nodes: [any Node] = []
        target.forEachNode { nodes.append($0) }
        for node in nodes { try resolve(node, symbols) }
    }

    private mutating func resolve(_ node: For, _ symbols: Symbols, isSoft: Bool) throws(TemplateError) {
        if let line = node.lineThatSetsLoop { throw .syntax(line: line, problem: "cannot assign to 'loop' in a loop") }
        try resolve(node.iterable, symbols, isSoft: isSoft)
        let function = node.isRecursive ? makeFunction() : symbols.function
        let body = Symbols(in: symbols, function: function)
        let readsLoop = node.isRecursive || !Undeclared.names(["loop"], in: node.body).isEmpty
        if readsLoop { body.declareParameter("loop") }
        node.target.forEachNode { if let name = $0 as? Name { body.declareParameter(name.name) } }
        body.note(node.body)
        if let test = node.test {
            let inner = Symbols(
                in: body.function == symbols.function ? symbols : Symbols(in: symbols, function: function),
                function: makeFunction())
            test.target.forEachNode { if let name = $0 as? Name { inner.declareParameter(name.name) } }
            inner.note(test.condition)
            try resolve(test.target, inner)
            try resolve(test.condition, inner)
            finish(node.scopes.test, inner)
        }
        try resolve(node.target, body)
        try resolve(node.body, body)
        finish(node.scopes.body, body)
        if readsLoop, let variable = body.variable(of: "loop") {
            layout.loopSlots[node.scopes.body] = slot(of: variable, in: function)
        }
        let otherwise = Symbols(in: symbols, function: function)
        otherwise.note(node.otherwise)
        try resolve(node.otherwise, otherwise)
        finish(node.scopes.otherwise, otherwise)
    }

    private mutating func resolve(_ node: MacroBody, _ symbols: Symbols) throws(TemplateError) {
        let function = makeFunction()
        let inner = Symbols(in: symbols, function: function)
        node.forEachChild(inner.note)
        var macro = MacroLayout()
        let parameters = node.parameters.map(\.name)
        let specials = Undeclared.names(["caller", "kwargs", "varargs"], in: node.body)
        if specials.contains("caller") {
            macro.usesCaller = true
            if let index = parameters.firstIndex(of: "caller") {
                guard index >= parameters.count - node.defaults.count else {
                    throw .syntax(line: node.line, problem: "the parameter 'caller' needs a default")
                }
            } else {
                inner.declareParameter("caller")
            }
        }
        for special in ["kwargs", "varargs"] where specials.contains(special) && !parameters.contains(special) {
            inner.declareParameter(special)
        }
        for parameter in node.parameters { try resolve(parameter, inner) }
        for value in node.defaults { try resolve(value, inner) }
        try resolve(node.body, inner)
        finish(node.scope, inner)
        let slot = { (name: String, slots: [Symbols.Variable: Int]) in
            specials.contains(name) && !parameters.contains(name) ? inner.variable(of: name).flatMap { slots[$0] } : nil
        }
        macro.callerSlot = slot("caller", slots[function])
        macro.namedSlot = slot("kwargs", slots[function])
        macro.positionalSlot = slot("varargs", slots[function])
        layout.macros[node.scope] = macro
    }
}

extension For {
    /// The line where the loop's target or body assigns `loop`, or nil.
    fileprivate var lineThatSetsLoop: Int? {
        var line: Int?
        func look(_ node: any Node) {
            if let name = node as? Name, name.role == .store, name.name == "loop" { line = line ?? name.line }
            node.forEachChild(look)
        }
        look(self)
        return line
    }
}
