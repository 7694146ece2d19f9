/// The states of a program's automaton that texts have reached, and the moves between them, computed once each.
///
/// A state is the set of all places where the program can be after some bytes, each with the calls to return from. Calls are shared
/// as linked nodes, so that equal states have the same number, however deep they are nested.
final class StateTable {
    static let start = 0
    static let unknownMove: Int32 = -2
    /// More states are given up for a new table.
    private static let stateLimit = 20_000
    private static let byteLimit = 32 << 20
    /// Places of one state; more would take too long.
    private static let placeLimit = 20_000

    private let program: Program
    /// The class of each byte: bytes of a class are in the same sets.
    private let classes: [UInt8]
    private let classCount: Int
    /// By class and set.
    private let holds: [Bool]

    /// A call to return from.
    private struct Frame: Hashable {
        /// The instruction after the call.
        let next: Int32
        let parent: Int32
        /// Recursive calls up to here.
        let depth: Int32
    }

    /// An instruction and the frame of the rule that it is in; −1 for the start's.
    private struct Place: Hashable {
        let instruction: Int32
        let frame: Int32

        static func precedes(_ left: Place, _ right: Place) -> Bool {
            left.instruction != right.instruction ? left.instruction < right.instruction : left.frame < right.frame
        }
    }

    private struct State: Hashable {
        /// Places that read a byte, sorted.
        let places: [Place]
        /// Whether the text may end here.
        let accepts: Bool
    }

    private var frames: [Frame] = []
    private var frameNumbers: [Frame: Int32] = [:]
    private var states: [State] = []
    private var numbers: [State: Int] = [:]
    /// The states reached from places without reading a byte; −1 for none. Most bytes of a state lead to the same few places.
    private var closures: [[Place]: Int32] = [:]
    /// By state and class: the next state, −1 for none, −2 if it is not known.
    private var moves: [Int32] = []
    private var placeCount = 0
    private(set) var failure: ConstraintError?
    /// By state: the tokens that may come next.
    var masks: [Int: TokenMask] = [:]

    init(_ program: Program) {
        self.program = program
        (classes, classCount) = Self.byteClasses(program.sets)
        var holds = [Bool](repeating: false, count: classCount * program.sets.count)
        for byte in UInt8.min...UInt8.max {
            for (number, set) in program.sets.enumerated() where set.contains(byte) {
                holds[Int(classes[Int(byte)]) * program.sets.count + number] = true
            }
        }
        self.holds = holds
        _ = number(of: closure([Place(instruction: program.start, frame: -1)]))
    }

    /// Whether the table has become too large to grow further.
    var isFull: Bool {
        states.count > Self.stateLimit
            || 4 * moves.count + 24 * placeCount + 40 * frames.count + (masks.first?.value.byteCount ?? 0) * masks.count
                > Self.byteLimit
    }

    func accepts(_ state: Int) -> Bool { states[state].accepts }

    /// Whether no byte may follow.
    func isFinal(_ state: Int) -> Bool { states[state].places.isEmpty }

    /// The state after `byte`; nil if it may not come.
    func next(_ state: Int, _ byte: UInt8) -> Int? {
        let index = state * classCount + Int(classes[Int(byte)])
        let known = moves[index]
        if known >= 0 { return Int(known) }
        return known == -1 ? nil : move(state, index, byte)
    }

    /// Calls `body` with the moves by state and class, and the class of each byte.
    func withMoves<Result>(
        _ body: (UnsafeBufferPointer<Int32>, UnsafeBufferPointer<UInt8>, _ classCount: Int) -> Result
    ) -> Result {
        moves.withUnsafeBufferPointer { moves in classes.withUnsafeBufferPointer { body(moves, $0, classCount) } }
    }

    private func move(_ state: Int, _ index: Int, _ byte: UInt8) -> Int? {
        let row = Int(classes[Int(byte)]) * program.sets.count
        var following: [Place] = []
        for place in states[state].places {
            guard case .bytes(let set, let next) = program.instructions[Int(place.instruction)] else { continue }
            if holds[row + Int(set)] { following.append(Place(instruction: next, frame: place.frame)) }
        }
        let target = closures[following] ?? addClosure(of: following)
        moves[index] = target
        return target >= 0 ? Int(target) : nil
    }

    private func addClosure(of roots: [Place]) -> Int32 {
        let target = closure(roots)
        let isDead = target.places.isEmpty && !target.accepts
        let number = isDead ? -1 : Int32(number(of: target))
        closures[roots] = number
        placeCount += roots.count
        return number
    }

    private func number(of state: State) -> Int {
        if let number = numbers[state] { return number }
        if states.count >= 20 * Self.stateLimit || 4 * moves.count + 24 * placeCount >= 8 * Self.byteLimit {
            failure = .tooAmbiguous
        }
        numbers[state] = states.count
        states.append(state)
        placeCount += state.places.count
        moves.append(contentsOf: repeatElement(Self.unknownMove, count: classCount))
        return states.count - 1
    }

    /// The places that read a byte or end the text, reached from `roots` without reading one.
    private func closure(_ roots: [Place]) -> State {
        var pending = roots.filter(isViable)
        var seen = Set(pending)
        var (places, accepts) = ([Place](), false)
        func visit(_ instruction: Int32, _ frame: Int32) {
            let place = Place(instruction: instruction, frame: frame)
            if isViable(place), seen.insert(place).inserted { pending.append(place) }
        }
        while let place = pending.popLast() {
            guard seen.count <= Self.placeLimit else {
                failure = .tooAmbiguous
                break
            }
            switch program.instructions[Int(place.instruction)] {
            case .bytes: places.append(place)
            case .split(let first, let count):
                for target in program.targets(first: first, count: count) { visit(target, place.frame) }
            case .call(let rule, let next):
                let entry = program.entries[Int(rule)]
                visit(entry, program.isTail(next) ? place.frame : frame(returningTo: next, from: place))
            case .end:
                guard place.frame >= 0 else {
                    accepts = true
                    continue
                }
                let frame = frames[Int(place.frame)]
                visit(frame.next, frame.parent)
            }
        }
        return State(places: places.sorted(by: Place.precedes), accepts: accepts)
    }

    /// Whether the rest of the rule fits into the allowed nesting.
    private func isViable(_ place: Place) -> Bool {
        let need = program.need[Int(place.instruction)]
        return need <= Program.recursionLimit && need + depth(place.frame) <= Program.recursionLimit
    }

    private func depth(_ frame: Int32) -> Int32 { frame < 0 ? 0 : frames[Int(frame)].depth }

    private func frame(returningTo next: Int32, from place: Place) -> Int32 {
        number(
            of: Frame(
                next: next, parent: place.frame,
                depth: depth(place.frame) + (program.isRecursive[Int(place.instruction)] ? 1 : 0)))
    }

    private func number(of frame: Frame) -> Int32 {
        if let number = frameNumbers[frame] { return number }
        let number = Int32(frames.count)
        frameNumbers[frame] = number
        frames.append(frame)
        return number
    }

    /// The number in this table of another table's state.
    func adopt(_ state: Int, from other: StateTable) -> Int {
        var translated: [Int32: Int32] = [-1: -1]
        func translate(_ frame: Int32) -> Int32 {
            if let known = translated[frame] { return known }
            var chain = [frame]
            while let last = chain.last, translated[other.frames[Int(last)].parent] == nil {
                chain.append(other.frames[Int(last)].parent)
            }
            for frame in chain.reversed() {
                let old = other.frames[Int(frame)]
                translated[frame] = number(
                    of: Frame(next: old.next, parent: translated[old.parent] ?? -1, depth: old.depth))
            }
            return translated[frame] ?? -1
        }
        let places = other.states[state].places.map {
            Place(instruction: $0.instruction, frame: translate($0.frame))
        }
        return number(
            of: State(places: places.sorted(by: Place.precedes), accepts: other.states[state].accepts))
    }

    private static func byteClasses(_ sets: [ByteSet]) -> (classes: [UInt8], count: Int) {
        var classes = [UInt8](repeating: 0, count: 256)
        var count = 1
        for set in sets where count < 256 {
            var renamed: [Int: UInt8] = [:]
            var next = 0
            classes = (0..<256).map { byte in
                let key = Int(classes[byte]) << 1 | (set.contains(UInt8(byte)) ? 1 : 0)
                if let known = renamed[key] { return known }
                renamed[key] = UInt8(next)
                next += 1
                return UInt8(next - 1)
            }
            count = next
        }
        return (classes, count)
    }
}
