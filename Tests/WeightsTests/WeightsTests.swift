import Foundation
import TestSupport
import Testing
import Weights

@Suite struct GoldenCheckpointTests {
    @Test(arguments: ["llama-ropescaled", "qwen3-tied", "qwen3-untied-bf16-sharded"])
    func opens(_ name: String) throws {
        let checkpoint = try Checkpoint.open(Goldens.url("dmtd/\(name)").path())
        #expect(checkpoint.kind == .huggingFace)
        for name in checkpoint.tensorNames { _ = try checkpoint.tensor(name) }
    }
}
