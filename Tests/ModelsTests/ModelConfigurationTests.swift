import Foundation
import Models
import TestSupport
import Testing
import Weights

@Suite struct ModelConfigurationTests {
    @Test(arguments: ["llama-ropescaled", "qwen3-tied", "qwen3-untied-bf16-sharded"])
    func readsGoldenCheckpoints(_ name: String) throws {
        let checkpoint = try Checkpoint.open(Goldens.url("dmtd/\(name)").path())
        #expect(try ModelConfiguration(checkpoint.configuration).headLayerCount == 8)
    }
}
