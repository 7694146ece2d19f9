/// A token and its probability relative to the most likely one's.
struct Candidate {
    let token: Int
    let weight: Float

    /// Whether this candidate is more likely. Ties are broken by id, so that samples do not depend on the heap's history.
    func precedes(_ other: Candidate) -> Bool {
        weight != other.weight ? weight > other.weight : token < other.token
    }
}
