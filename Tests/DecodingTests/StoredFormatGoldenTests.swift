import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Quantised checkpoints generate the tokens of transformers in float32 on their decoded values.
struct StoredFormatGoldenTests {
    struct Case: Decodable {
        let prompt: [Int]
        let tokens: [Int]
        /// The smallest difference of the two largest logits.
        let margin: Float
    }

    private struct FP8: Decodable { let cases: [Case] }

    private func expectTokens(_ path: String, _ cases: [Case], fp8Format: StorageFormat = .bf16) throws {
        let checkpoint = try Checkpoint.open(Goldens.url(path).path, fp8Format: fp8Format)
        let model = try LayerStack(checkpoint: checkpoint)
        #expect(cases.count == 3)
        for golden in cases {
            #expect(golden.margin > 0.005, "a near-tie would say nothing")
            let context = try LoneSequence(model, options: SessionOptions(threadCount: 2, kvFormat: .f32))
            #expect(try greedy(context, golden.prompt, .vanilla, count: golden.tokens.count) == golden.tokens)
        }
    }

    @Test("a mixed file of Q2_K, Q3_K, IQ4_NL, IQ4_XS and others")
    func mixed() throws {
        try expectTokens("weights/mixed.gguf", Goldens.decode([Case].self, "weights/mixed.json"))
    }

    @Test("FP8 with scales of 128 × 128 blocks")
    func fp8() throws {
        try expectTokens("fp8", Goldens.decode(FP8.self, "fp8/expected.json").cases)
    }

    @Test("the mixed file gives the same tokens packed, and unpacked to float32")
    func mixedPackedAndUnpacked() throws {
        let source = Goldens.url("weights/mixed.gguf").path
        let directory = try TemporaryDirectory()
        try Packer(Checkpoint.open(source), options: PackOptions())
            .write(to: directory.path + "/packed", progress: { _ in }, isCancelled: { false })
        try Unpacker(Checkpoint.open(directory.path + "/packed"))
            .write(to: directory.path + "/unpacked", progress: { _ in }, isCancelled: { false })
        let stored = try Checkpoint.open(source)
        let packed = try Checkpoint.open(directory.path + "/packed").loaded(threadCount: 2)
        let unpacked = try Checkpoint.open(directory.path + "/unpacked")
        #expect(stored.tensorNames.count == 25)
        for name in stored.tensorNames {
            let tensor = try stored.tensor(name)
            #expect(try packed.tensor(name).withBytes { Array($0) } == tensor.withBytes { Array($0) })
            let count = tensor.shape.reduce(1, *)
            var values = [Float](repeating: .nan, count: count)
            tensor.withBytes { Quantizer.decode($0.baseAddress!, as: tensor.format, count: count, to: &values) }
            #expect(try unpacked.tensor(name).withBytes { Array($0.bindMemory(to: Float.self)) } == values)
        }
        for golden in try Goldens.decode([Case].self, "weights/mixed.json") {
            for checkpoint in [packed, unpacked] {
                let context = try LoneSequence(
                    LayerStack(checkpoint: checkpoint), options: SessionOptions(threadCount: 2, kvFormat: .f32))
                #expect(try greedy(context, golden.prompt, .vanilla, count: golden.tokens.count) == golden.tokens)
            }
        }
    }
}
