import Decoding
import Models
import Tensors

/// The model, machine and options of comparisons.
package struct ComparisonSetting: Sendable {
    package let model: String
    /// The model that runs vanilla, if it is another one.
    package let baseline: String?
    package let formats: [String]
    package let processor: String
    package let instructionSet: String
    package let threads: Int
    package let rounds: Int
    package let version: String
    /// The model's bytes per pass.
    package let roofline: ByteRoofline
    /// The bytes per pass of the model that runs vanilla.
    package let vanillaRoofline: ByteRoofline

    package init(
        _ models: ComparedModels, kvFormat: KVFormat, processor: String, instructionSet: String, threads: Int,
        rounds: Int, version: String
    ) {
        model = models.model.name
        baseline = models.baseline?.name
        formats = models.model.stack.formats.map(\.rawValue)
        roofline = ByteRoofline(models.model.stack, kvFormat: kvFormat)
        vanillaRoofline = ByteRoofline(models.vanilla.stack, kvFormat: kvFormat)
        self.processor = processor
        self.instructionSet = instructionSet
        self.threads = threads
        self.rounds = rounds
        self.version = version
    }
}
