/// The system has no thread left for a member of a team.
package struct ThreadRefusal: Error, Equatable, CustomStringConvertible {
    /// Members that there could be, the calling thread among them.
    package let started: Int
    package let count: Int

    package init(started: Int, of count: Int) {
        self.started = started
        self.count = count
    }

    package var description: String {
        "the system starts no more than \(started) of \(count) compute threads; ask for fewer, or raise its limits on processes and memory"
    }
}
