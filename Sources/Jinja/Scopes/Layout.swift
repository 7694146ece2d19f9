/// Where names live while a template runs. Made once by `Resolver`, read by every rendering.
struct Layout: Sendable {
    /// By the id of a `Name`.
    var addresses: [Address] = []
    /// By scope; 0 is the template's own.
    var scopes: [ScopeLayout] = []
    /// By scope: the function in whose activation it has its slots.
    var functionOfScope: [Int] = []
    /// By scope of a loop's body: the slot of `loop`, where the body reads it.
    var loopSlots: [Int?] = []
    var functions: [FunctionLayout] = []
    /// By the scope of a macro's body.
    var macros: [Int: MacroLayout] = [:]
    /// The variables that the template reads without having set them.
    var globalNames: [String] = []
}

/// A slot, as seen from the function that runs.
struct Address: Sendable {
    /// How many functions further out it is.
    var hops = 0
    var slot = 0
}

/// What happens to slots where a scope begins and ends.
struct ScopeLayout: Sendable {
    enum Load: Sendable {
        /// The value of a variable given.
        case global(Int)
        /// The value that the name has outside.
        case outer(Address)
        case nothing
    }

    var loads: [(slot: Int, load: Load)] = []
    /// The slots that are emptied at the end, those of parameters included.
    var slots: [Int] = []
}

/// How many slots a function has: the template, a macro, a recursive loop, the test of a loop.
struct FunctionLayout: Sendable { var slotCount = 0 }

/// The slots of what a macro may take beside its parameters, where its body reads them.
struct MacroLayout: Sendable {
    var callerSlot: Int?
    var namedSlot: Int?
    var positionalSlot: Int?
    /// Whether the body reads `caller`, be it a parameter or not.
    var usesCaller = false
}
