/// Elements that wait, first come, first served for each client; the clients take turns.
package struct FairQueue<Element: Sendable>: Sendable {
    private struct Line: Sendable {
        let client: String
        var elements: [Element]
    }

    /// Lines that are not empty. The first one has the next turn.
    private var lines: [Line] = []

    package init() {}

    /// The number of elements of all clients.
    package private(set) var count = 0

    /// The number of clients that wait.
    package var clientCount: Int { lines.count }

    package func count(of client: String) -> Int { lines.first { $0.client == client }?.elements.count ?? 0 }

    package mutating func add(_ element: Element, for client: String) {
        if let index = lines.firstIndex(where: { $0.client == client }) {
            lines[index].elements.append(element)
        } else {
            lines.append(Line(client: client, elements: [element]))
        }
        count += 1
    }

    /// Removes and returns the first element that `isTaken` accepts, in the clients' turns; that client's next turn is the last.
    package mutating func next(where isTaken: (Element) -> Bool = { _ in true }) -> Element? {
        for line in lines.indices {
            for index in lines[line].elements.indices where isTaken(lines[line].elements[index]) {
                var taken = lines.remove(at: line)
                let element = taken.elements.remove(at: index)
                if !taken.elements.isEmpty { lines.append(taken) }
                count -= 1
                return element
            }
        }
        return nil
    }

    /// Removes and returns the elements that `isRemoved` accepts.
    package mutating func removeAll(where isRemoved: (Element) -> Bool) -> [Element] {
        let removed = lines.flatMap { $0.elements.filter(isRemoved) }
        guard !removed.isEmpty else { return [] }
        lines = lines.map { Line(client: $0.client, elements: $0.elements.filter { !isRemoved($0) }) }
        lines.removeAll(where: \.elements.isEmpty)
        count -= removed.count
        return removed
    }
}
