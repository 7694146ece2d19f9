import Foundation
import TestSupport
import Testing
import Volley

/// Programs that show `localizedDescription`, as Apple's do, show the sentence.
struct LocalizedErrorTests {
    private typealias Sentence = Error & CustomStringConvertible

    private static let errors: [any Sentence] = [
        CheckpointError.notACheckpoint(path: "a", problem: "b"), CheckpointError.notDownloaded(identifier: "a/b"),
        CheckpointError.unreadable(path: "a", reason: "b"), CheckpointError.unwritable(path: "a", reason: "b"),
        CheckpointError.damaged(path: "a", place: "b", problem: "c"),
        CheckpointError.unsupported(path: "a", place: "b", problem: "c", remedy: "d"),
        CheckpointError.missingTensor(path: "a", name: "b"), CheckpointError.cancelled,
        CheckpointError.missingPart(path: "a", part: "model"), ConstraintError.expression(problem: "a"),
        PromptCacheError.unusable(path: "a", reason: "b"),
        ConfigurationError.missing(field: "a"), ConfigurationError.invalid(field: "a", found: "b", expected: "c"),
        ConfigurationError.inconsistent(problem: "a"),
        ConfigurationError.unsupported(field: "a", value: "b", remedy: "c"),
        ConfigurationError.headLayersOutOfRange(requested: 1, layerCount: 1), ConfigurationError.noTrunk(layerCount: 1),
        ConfigurationError.noScreen(format: .q4_0, columns: 1),
        TokenizerError.unreadable(path: "a", reason: "b"), TokenizerError.damaged(place: "a", problem: "b"),
        TokenizerError.unsupported(place: "a", found: "b", supported: "c"), TokenizerError.noChatTemplate,
        TokenizerError.badTemplate(problem: "a"), TokenizerError.badChat(problem: "a"),
        SessionError.busy, SessionError.emptyPrompt, SessionError.tokenOutOfRange(1, vocabularySize: 1),
        SessionError.promptTooLong(count: 1, contextLength: 1), SessionError.threadCount(0), SessionError.window(0),
        SessionError.sinkCount(-1), SessionError.cacheOverflow(position: 1),
        SessionError.truncation(count: 1, tokenCount: 0), SessionError.embeddingNotFinite,
        SessionError.threadRefused(started: 1, of: 2),
        SessionFileError.unreadable(path: "a", reason: "b"), SessionFileError.unwritable(path: "a", reason: "b"),
        SessionFileError.notASession(path: "a"), SessionFileError.otherVersion(path: "a", version: 2, supported: 1),
        SessionFileError.damaged(path: "a", problem: "b"),
        SessionFileError.otherModel(path: "a", saved: "b", given: "c"),
        SessionFileError.otherOption(path: "a", option: "b", saved: "c", given: "d"),
        GenerationError.maximumTokens(-1), GenerationError.emptyStop, GenerationError.logprobCount(-1),
        GenerationError.noTokenizer(model: "a"), GenerationError.noChatTemplate(model: "a"),
        GenerationError.notMetered(plan: "a"), GenerationError.unrepeatable(plan: "a"), GenerationError.iteratedTwice,
        DraftError.noTokenizer(model: "a"), DraftError.otherSize(draft: "a", size: 1, modelSize: 2),
        DraftError.otherVocabulary(draft: "a", model: "b", id: 1, own: "c", other: nil),
        SamplingError.temperature(-1), SamplingError.topK(-1), SamplingError.topP(0), SamplingError.minP(-1),
        SamplingError.repetitionPenalty(0), SamplingError.repetitionWindow(0), SamplingError.presencePenalty(3),
        SamplingError.frequencyPenalty(3), SamplingError.logitsNotFinite, SamplingError.noTokenAllowed,
        SamplingError.allowedTokenOutOfRange(1, vocabularySize: 1), SamplingError.processedNotFinite,
        PlanError.factorOutOfRange(0), PlanError.unreadableFactor("a"), PlanError.unknownPlan("a"),
        PlanError.noTrunk(layerCount: 1), PlanError.noRouters(plan: "a"),
        PlanError.otherRouters(plan: "a", trained: "b"), PlanError.unreadableLayers("a"),
        PlanError.needsMeasurement(plan: "a"), PlanError.draftsOutOfRange(plan: "a", 0),
        PlanError.unreadableDrafts(plan: "a", "b"), PlanError.noDraftModel, PlanError.cosine(2),
        PlanError.unreadableCosine("a"), PlanError.weightsNotFinite(plan: "a"),
        PlanError.verifiedFactorOutOfRange(1), PlanError.adaptiveLengthOutOfRange(1), PlanError.threshold("a"),
        PlanError.headNeedsRefresh,
        PlanError.adaptiveRule(.absolute),
        PlanError.layersOutOfRange(plan: "a", count: 0, range: 1...2),
    ]

    @Test("every public error localises as its sentence")
    func sentences() throws {
        let rule = #expect(throws: CycleRuleError.self) { try CycleRule(phase: .absolute, promptInput: .sum) }
        for error in Self.errors + [try #require(rule), PlanError.rule(try #require(rule))] {
            #expect((error as? any LocalizedError)?.errorDescription == error.description, "\(type(of: error))")
            #expect(error.localizedDescription == error.description)
            #expect(!error.description.isEmpty && !error.description.contains("\n"))
        }
    }

    @Test("the list above has every public error type of the sources")
    func complete() throws {
        let sources = Goldens.directory.deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var declared: Set<String> = []
        for case let url as URL in files where url.pathExtension == "swift" {
            let text = try String(contentsOf: url, encoding: .utf8)
            for match in text.matches(of: /public (?:enum|struct|final class) (\w+): [^{\n]*\bError\b/) {
                declared.insert(String(match.1))
            }
        }
        #expect(declared == Set(Self.errors.map { "\(type(of: $0))" } + ["CycleRuleError"]))
    }
}
