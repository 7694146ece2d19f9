/// Where a template's variables live at run time. Computed once by `Resolver`, read by every rendering.
struct Layout: Sendable {
    /// Indexed by `Name.id`.
    var addresses: [Address] = []
    /// Indexed by scope; 0 is the template.
    var scopes: [ScopeLayout] = []
    /// The function that holds each scope's slots, indexed by scope.
    var functionOfScope: [Int] = []
    /// The slot of `loop` if the loop's body reads it, indexed by the body's scope.
    var loopSlots: [Int?] = []
    var functions: [FunctionLayout] = []
    /// Keyed by the scope of the macro's body.
    var macros: [Int: MacroLayout] = [:]
    /// The variables that the template reads without having assigned them.
    var globalNames: [String] = []
}

/// A slot relative to the current function.
struct Address: Sendable {
    /// Number of enclosing functions to go out.
    var hops = 0
    var slot = 0
}

/// The slots that a scope initialises on entry and clears on exit.
struct ScopeLayout: Sendable {
    enum Load: Sendable {
        /// A variable of the caller, by index.
        case global(Int)
        /// The variable of the same name in the enclosing scope.
        case outer(Address)
        case nothing
    }

    var loads: [(slot: Int, load: Load)] = []
    /// The slots cleared on exit, parameters included.
    var slots: [Int] = []
}

/// Size of a function's activation. A function is the template, a macro, a recursive loop or a loop's test.
struct FunctionLayout: Sendable { var slotCount = 0 }

/// The slots of a macro's implicit parameters `caller`, `kwargs` and `varargs`, each nil unless the body reads it.
struct MacroLayout: Sendable {
    var callerSlot: Int?
    var namedSlot: Int?
    var positionalSlot: Int?
    /// Whether the body reads `caller`, declared as a parameter or not.
    var usesCaller = false
}
