/// Access to variables at run time.
extension Run {
    subscript(address: Address) -> Value? {
        get { holder(of: address).slots[address.slot] }
        set { holder(of: address).slots[address.slot] = newValue }
    }

    private func holder(of address: Address) -> Activation {
        var holder = activation
        for _ in 0..<address.hops { if let parent = holder.parent { holder = parent } }
        return holder
    }

    /// Initialises the variables of a scope.
    func enter(_ scope: Int) {
        for (slot, load) in layout.scopes[scope].loads {
            switch load {
            case .global(let index): activation.slots[slot] = globals[index]
            case .outer(let address): activation.slots[slot] = self[address]
            case .nothing: activation.slots[slot] = nil
            }
        }
    }

    /// Clears the variables of a scope.
    func leave(_ scope: Int) {
        for slot in layout.scopes[scope].slots { activation.slots[slot] = nil }
    }

    func makeActivation(_ function: Int, parent: Activation) throws(TemplateError) -> Activation {
        let slotCount = layout.functions[function].slotCount
        try charge(64 + slotCount * MemoryLayout<Value?>.stride)
        return Activation(slotCount: slotCount, parent: parent)
    }

    /// Runs `body` with the slots of another function.
    func inside<Result>(
        _ other: Activation, _ body: () throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        let outer = activation
        activation = other
        defer { activation = outer }
        return try body()
    }

    func call(_ callee: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
        switch callee {
        case .object(let object) where object.isCallable:
            return try nested { () throws(TemplateError) in try object.call(arguments, self) }
        case .undefined(let undefined): throw failure(undefined.message)
        default: throw failure("'\(callee.typeName)' object is not callable")
        }
    }
}
