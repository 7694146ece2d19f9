import Foundation
import TestSupport
import Tensors
import Testing
import Weights

/// Quantises and dequantises every format like the `gguf` package, bit for bit.
@Suite struct QuantizedGoldenTests {
    @Test(arguments: StorageFormat.allCases.filter { $0 != .f32 })
    func sameValuesAsTheGGUFPackage(_ format: StorageFormat) throws {
        let checkpoint = try Checkpoint.open(Goldens.url("weights/quantized.gguf").path)
        let name = format.rawValue.uppercased()
        let bytes = try checkpoint.tensor(name).withBytes { Array($0) }
        let expected = try checkpoint.tensor("\(name).values").withBytes { Array($0.bindMemory(to: UInt32.self)) }
        var values = [Float](repeating: .nan, count: expected.count)
        Quantizer.decode(bytes, as: format, count: values.count, to: &values)
        #expect(values.count >= 1536)
        #expect(values.map(\.bitPattern) == expected)
    }

    @Test(arguments: [StorageFormat.bf16, .f16, .q8_0, .q4_0, .q4_1])
    func sameBitsAsTheGGUFPackage(_ format: StorageFormat) throws {
        let checkpoint = try Checkpoint.open(Goldens.url("weights/quantized.gguf").path)
        let values = try checkpoint.tensor("f32").withBytes { Array($0.bindMemory(to: Float.self)) }
        let expected = try checkpoint.tensor(format.rawValue.uppercased()).withBytes { Array($0) }
        var encoded = [UInt8](repeating: 0xAA, count: expected.count)
        values.withUnsafeBufferPointer { Quantizer.encode($0, as: format, to: &encoded) }
        #expect(values.count == 1536)
        for block in 0..<expected.count / format.bytesPerBlock {
            let range = block * format.bytesPerBlock..<(block + 1) * format.bytesPerBlock
            #expect(encoded[range] == expected[range], "block \(block)")
        }
    }
}
