/// The special tokens added before and after a text on request.
struct SpecialTokenFrame: Sendable, Equatable {
    var before: [Int] = []
    var after: [Int] = []
}
