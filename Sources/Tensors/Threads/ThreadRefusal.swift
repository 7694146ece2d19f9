/// The system cannot start all threads of a team.
package struct ThreadRefusal: Error, Equatable, CustomStringConvertible {
    /// Members that started, including the calling thread.
    package let started: Int
    /// Members that were requested.
    package let count: Int

    package init(started: Int, of count: Int) {
        self.started = started
        self.count = count
    }

    package var description: String {
        "the system starts no more than \(started) of \(count) compute threads; ask for fewer, or raise its limits on processes and memory"
    }
}
