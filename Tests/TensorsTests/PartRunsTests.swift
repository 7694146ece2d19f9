import Tensors
import Testing

struct PartRunsTests {
    @Test("a member takes its own parts from the front, then steals from the back of others")
    func order() {
        let runs = PartRuns(memberCount: 2)
        runs.deal(6)
        #expect(runs.take(0) == 0)
        #expect(runs.take(1) == 3)
        #expect((0..<3).map { _ in runs.take(0) } == [1, 2, 5])
        #expect(runs.take(1) == 4)
        #expect(runs.take(0) == nil && runs.take(1) == nil)
    }

    @Test("every part is taken once, for any number of members and parts")
    func all() {
        for members in 1...5 {
            let runs = PartRuns(memberCount: members)
            for parts in 0...12 {
                runs.deal(parts)
                var taken: [Int] = []
                while let part = runs.take(taken.count % members) { taken.append(part) }
                #expect(taken.sorted() == Array(0..<parts), "\(members) members")
            }
        }
    }
}
