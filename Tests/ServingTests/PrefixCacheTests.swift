import Decoding
import Models
import Serving
import Testing

/// Which ended sequence a prompt goes on from.
struct PrefixCacheTests {
    /// A sequence with these tokens, of which nothing has been computed.
    private static func prefix(_ tokens: [Int], of client: Client = .local) throws -> Prefix {
        let model = try Fixture.quantised.get().stack
        let sequence = try Engine(model, options: SessionOptions(threadCount: 1)).makeSequence()
        try sequence.begin(tokens)
        return Prefix(sequence, client: client, promptCount: tokens.count)
    }

    private static func job(_ prompt: [Int], _ plan: any DecodePlan = .vanilla, of client: Client = .local) -> Job {
        Job(prompt: prompt, plan: plan, options: GenerationOptions(), client: client) { _ in }
    }

    private static let shared = Array(3..<60)

    @Test("a prompt gets the sequence that shares most with it, cut to what they share, once")
    func longest() throws {
        var cache = PrefixCache(limit: 4)
        for count in [34, 50, 40] { cache.add(try Self.prefix(Array(Self.shared.prefix(count)) + [1, 2])) }
        let candidate = cache.take(for: Self.job(Self.shared))
        let taken = try #require(candidate).sequence
        #expect(taken.tokens == Array(Self.shared.prefix(50)))
        #expect(cache.prefixes.map(\.sequence.tokens.count) == [36, 42])
    }

    @Test("the prompt's last token is never kept: its logits are the answer's first")
    func lastToken() throws {
        var cache = PrefixCache(limit: 1)
        cache.add(try Self.prefix(Self.shared + [1]))
        #expect(cache.take(for: Self.job(Self.shared))?.sequence.tokens.count == Self.shared.count - 1)
    }

    @Test("too little in common, more to lose than to keep, and other layers: none")
    func refusals() throws {
        var cache = PrefixCache(limit: 4)
        cache.add(try Self.prefix(Array(Self.shared.prefix(PrefixCache.leastShared - 1)) + [1]))
        #expect(cache.take(for: Self.job(Self.shared)) == nil)
        cache.add(try Self.prefix(Array(Self.shared.prefix(40)) + Array(repeating: 1, count: 50)))
        #expect(cache.take(for: Self.job(Self.shared)) == nil)
        cache.add(try Self.prefix(Self.shared))
        #expect(cache.take(for: Self.job(Self.shared, try SaturationPlan(cosine: 0.9))) == nil)
        #expect(cache.take(for: Self.job(Self.shared)) != nil)
    }

    @Test("the oldest make room, and a cache without room keeps none")
    func limits() throws {
        var cache = PrefixCache(limit: 2)
        for first in 1...3 { cache.add(try Self.prefix([first, 5])) }
        #expect(cache.prefixes.map { $0.sequence.tokens[0] } == [2, 3])
        cache.removeOldest()
        #expect(cache.prefixes.map { $0.sequence.tokens[0] } == [3])
        cache.removeOldest()
        cache.removeOldest()
        #expect(cache.prefixes.isEmpty && cache.kvByteCount == 0)
        var none = PrefixCache(limit: 0)
        none.add(try Self.prefix([1]))
        #expect(none.prefixes.isEmpty)
    }

    @Test("another key's prompts are nothing to continue from, unless all keys share")
    func keys() throws {
        let (first, second) = (Client(id: "a", domain: "a"), Client(id: "b", domain: "b"))
        for sharesKeys in [false, true] {
            var cache = PrefixCache(limit: 2, sharesKeys: sharesKeys)
            cache.add(try Self.prefix(Self.shared, of: first))
            #expect((cache.take(for: Self.job(Self.shared, of: second)) != nil) == sharesKeys)
        }
    }

    @Test("without keys, only who has sent all of another prompt is told that it was read before")
    func guesses() throws {
        let (victim, attacker) = (Client(id: "127.0.0.1"), Client(id: "127.0.0.2"))
        for (prompt, isTold) in [(Array(Self.shared.dropLast(9)) + [1, 2], false), (Self.shared + [5], true)] {
            var cache = PrefixCache(limit: 1)
            cache.add(try Self.prefix(Self.shared, of: victim))
            #expect(cache.take(for: Self.job(prompt, of: attacker))?.isTold == isTold)
        }
    }
}
