import CKernels
import Foundation
import TestSupport
import Tensors
import Testing

struct QuantizerTests {
    @Test("float formats convert to float32 and back exactly")
    func exactFormats() {
        for format in [StorageFormat.bf16, .f16] {
            let words = Array(UInt16.min...UInt16.max)
            var values = [Float](repeating: 0, count: words.count)
            Quantizer.decode(words, as: format, count: words.count, to: &values)
            var again = [UInt16](repeating: 0, count: words.count)
            values.withUnsafeBufferPointer { Quantizer.encode($0, as: format, to: &again) }
            for (word, (value, back)) in zip(words, zip(values, again)) where !value.isNaN {
                #expect((back == word) as Bool, "\(format) \(word)")
            }
        }
    }

    @Test("block values are within half a step")
    func blocks() {
        var random = SeededGenerator(seed: 4)
        for (format, step) in [(StorageFormat.q8_0, 1 / 127.0), (.q4_0, 1 / 8.0), (.q4_1, 1 / 7.5)] {
            let values = randomActivations(3200, using: &random)
            var bytes = [UInt8](repeating: 0, count: 100 * format.bytesPerBlock)
            values.withUnsafeBufferPointer { Quantizer.encode($0, as: format, to: &bytes) }
            var decoded = [Float](repeating: 0, count: values.count)
            Quantizer.decode(bytes, as: format, count: values.count, to: &decoded)
            for block in 0..<100 {
                let range = 32 * block..<32 * block + 32
                let largest = Double(values[range].map(abs).max() ?? 0)
                for index in range {
                    #expect(abs(Double(values[index]) - Double(decoded[index])) <= largest * step * 1.01)
                }
            }
        }
    }

    @Test("q6_K: values are within half a step of their group of sixteen, and no code or scale overflows")
    func sixBits() {
        var random = SeededGenerator(seed: 5)
        for size in [1e-38, 1e-6, 1, 1e6] as [Float] {
            // Groups of equal magnitude, and of magnitudes that differ a thousandfold.
            for spread in [1, 1000] as [Float] {
                var values = randomActivations(256, using: &random)
                for index in values.indices { values[index] *= index / 16 % 2 == 0 ? size : size / spread }
                var bytes = [UInt8](repeating: 0, count: 210)
                Quantizer.encodeQ6K(values, to: &bytes)
                var decoded = [Float](repeating: .nan, count: 256)
                Quantizer.decode(bytes, as: .q6_K, count: 256, to: &decoded)
                let step = values.map(abs).max().map { Double($0) / (31 * 127) } ?? 0
                for group in 0..<16 {
                    let range = 16 * group..<16 * group + 16
                    // The scale's rounding affects code 31 most; values below the smallest float16 are lost.
                    let limit = Double(values[range].map(abs).max() ?? 0) / 62 + 17 * step + 31 * 127 * 0x1p-24
                    for index in range {
                        let difference = abs(Double(values[index]) - Double(decoded[index]))
                        #expect(difference <= limit * 1.01, "\(size) \(spread)")
                    }
                }
            }
        }
    }
}

struct PlanesTests {
    @Test("join restores what split took apart, for every count and instruction set", arguments: [2, 4])
    func roundTrip(width: Int) {
        var random = SeededGenerator(seed: 9)
        for count in Array(0...70) + [1000, 4096, 5003] {
            let words = (0..<count * width).map { _ in UInt8.random(in: 0...255, using: &random) }
            var expected: [UInt8]?
            for set in LinearTests.instructionSets {
                var planes = [UInt8](repeating: 0, count: words.count)
                set.kernels.pointee.split_planes(&planes, words, count, width)
                #expect((planes == expected ?? planes) as Bool)
                expected = planes
                var joined = [UInt8](repeating: 0, count: words.count)
                set.kernels.pointee.join_planes(&joined, planes, count, width)
                #expect((joined == words) as Bool, "\(set) \(count)")
            }
        }
    }

    @Test("bf16 values of equal exponent fill most planes with equal bytes")
    func likeExponents() {
        let count = 4096
        let words = (0..<count).map { UInt16(0x3F80 | ($0 * 37 & 0x7F)) }  // from 1 to 2
        var planes = [UInt8](repeating: 0, count: 2 * count)
        Planes.split(words, count: count, width: 2, to: &planes)
        for plane in 0..<8 {
            let bytes = planes[count + plane * count / 8..<count + (plane + 1) * count / 8]
            #expect(Set(bytes).count == 1)
        }
    }
}
