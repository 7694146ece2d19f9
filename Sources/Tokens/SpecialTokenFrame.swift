/// The special tokens that go around a text when the caller asks for them.
struct SpecialTokenFrame: Sendable, Equatable {
    var before: [Int] = []
    var after: [Int] = []
}
