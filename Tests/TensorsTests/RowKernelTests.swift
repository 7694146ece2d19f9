import CKernels
import Foundation
import Tensors
import TestSupport
import Testing

struct RowKernelTests {
    static let sets = LinearTests.instructionSets
    static let widths = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 64, 100, 1023]

    @Test("dequantised rows are exact in every format and instruction set")
    func dequantize() {
        var generator = SeededGenerator(seed: 1)
        for format in StorageFormat.allCases {
            for misalignment in 0..<4 {
                let columns = [1: 37, 32: 96][format.valuesPerBlock] ?? 512
                let stored = StoredValues(
                    rows: 3, columns: columns, format: format, isExtreme: true, misalignment: misalignment,
                    using: &generator)
                for set in Self.sets {
                    for row in 0..<3 {
                        var output = [Float](repeating: .nan, count: columns)
                        volley_dequantize(
                            set.kernels, format.kernelFormat, &output,
                            stored.matrix.bytes + row * stored.matrix.rowByteCount, columns)
                        // Formats with scales of scales, or minimums, round more than once, as GGUF's reference does.
                        let expected = stored.values[row]
                        let bound = format.roundsOnce ? 0 : 3e-7 * (expected.map(abs).max() ?? 0)
                        #expect(
                            zip(output, expected).allSatisfy { abs(Double($0) - $1) <= abs($1) * 1e-7 + bound },
                            "\(format) \(set)")
                    }
                }
            }
        }
    }

    @Test("argmax is the first largest value at any index, and nil beside NaN")
    func argmax() {
        var generator = SeededGenerator(seed: 3)
        for count in Self.widths + [1024, 1025, 3000] {
            for set in Self.sets {
                let kernel = set.kernels.pointee.argmax!
                var values = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
                for place in [0, count / 3, count - 1] {
                    values[place] = 2
                    #expect(kernel(values, count) == values.firstIndex(of: 2), "\(count) \(set)")
                    var damaged = values
                    damaged[count / 2] = .nan
                    #expect(kernel(damaged, count) == count)
                }
                #expect(kernel([Float](repeating: -.infinity, count: count), count) == 0)
                #expect(kernel([Float](repeating: .infinity, count: count), count) == 0)
            }
        }
        #expect(UnsafeBufferPointer<Float>(start: nil, count: 0).argmax == nil)
    }

    @Test("activations round alike in every instruction set, ties to even, with the rows of a tile interleaved")
    func quantize() {
        var generator = SeededGenerator(seed: 2)
        let (rowCount, blockCount) = (3, 20)
        for isExtreme in [false, true] {
            var input = randomActivations(rowCount * blockCount * 32, isExtreme: isExtreme, using: &generator)
            input[0] = 32767
            for index in 1..<32 { input[index] = Float(index) - 15.5 }  // ties
            for activations in ActivationFormat.allCases {
                let expected = LinearTests.rounded(input, to: activations)
                for set in Self.sets {
                    var bytes = [UInt8](repeating: 0, count: rowCount * blockCount * activations.bytesPerBlock)
                    volley_quantize(
                        set.kernels, activations.kernelActivations, &bytes, input, 32 * blockCount, 32 * blockCount,
                        rowCount)
                    for index in 0..<rowCount * blockCount {
                        let first = 32 * (index % rowCount * blockCount + index / rowCount)
                        let block = bytes[index * activations.bytesPerBlock..<(index + 1) * activations.bytesPerBlock]
                        expectBlock(Array(block), activations, holds: Array(expected[first..<first + 32]))
                    }
                }
            }
        }
    }

    private func expectBlock(_ block: [UInt8], _ activations: ActivationFormat, holds values: [Double]) {
        let (header, codes) = block.withUnsafeBytes { bytes in
            let codes = UnsafeRawBufferPointer(rebasing: bytes[MemoryLayout<volley_activation_header>.size...])
            return (
                bytes.loadUnaligned(as: volley_activation_header.self),
                activations == .int16
                    ? codes.bindMemory(to: Int16.self).map(Int.init) : codes.bindMemory(to: Int8.self).map(Int.init)
            )
        }
        // 8-bit codes are interleaved as in a panel's quads.
        let dealt = [0, 4, 1, 5, 2, 6, 3, 7]
        for (place, code) in codes.enumerated() {
            let value = values[activations == .int16 ? place : place / 8 * 8 + dealt[place % 8]]
            #expect(abs(Double(Float(code) * header.scale) - value) <= 1e-6 * abs(value))
        }
        let halves = [header.half_sums.0, header.half_sums.1].map(Int.init)
        #expect(halves == [codes[..<16], codes[16...]].map { $0.reduce(0, +) })
        #expect(header.scaled_sum == header.scale * Float(codes.reduce(0, +)))
    }

    @Test("RMSNorm, RoPE, SwiGLU and sum against double precision at every width")
    func rows() {
        var generator = SeededGenerator(seed: 3)
        for width in Self.widths {
            let (x, y) = (randomActivations(width, using: &generator), randomActivations(width, using: &generator))
            let meanSquare = x.map { Double($0) * Double($0) }.reduce(0, +) / Double(width)
            let scale: Double = 1 / (meanSquare + 1e-6).squareRoot()
            let gates = x.map { 20 * $0 }
            var normed: [Double] = []
            var gated: [Double] = []
            for (index, gate) in gates.enumerated() {
                normed.append(Double(x[index]) * Double(y[index]) * scale)
                let silu: Double = Double(gate) / (1 + exp(-Double(gate)))
                gated.append(silu * Double(y[index]))
            }
            for set in Self.sets {
                let kernels = set.kernels.pointee
                var output = [Float](repeating: .nan, count: width)
                kernels.rms_norm(&output, x, y, width, 1e-6)
                expectClose(output, normed, "norm \(width)")

                kernels.swiglu(&output, gates, y, width)
                expectClose(output, gated, "gate \(width)")

                output = x
                kernels.add(&output, y, width)
                #expect(output == zip(x, y).map { $0 + $1 })

                output = x
                kernels.add_scaled(&output, y, 0.3, width)
                expectClose(output, zip(x, y).map { Double($0) + Double($1) * Double(Float(0.3)) }, "scaled \(width)")
            }
        }
        rotation(using: &generator)
    }

    @Test("tanh is within 3 ulp of double precision: at zero, where the formulas meet, at large values and beside NaN")
    func hyperbolicTangent() {
        var generator = SeededGenerator(seed: 5)
        let special: [Float] = [0, -0.0, 1e-30, -1e-6, 0.624999, 0.625, -0.625001, 9, -20, 80, .infinity, -.infinity]
        for count in Self.widths {
            let random = (0..<count).map { _ in Float.random(in: -4...4, using: &generator) }
            for values in [random, Array((special + random).prefix(count)), random.map { $0 * 0.01 }] {
                for set in Self.sets {
                    var output = values
                    set.kernels.pointee.tanh(&output, count)
                    for (x, y) in zip(values, output) {
                        let exact = tanh(Double(x))
                        #expect(abs(Double(y) - exact) <= 3 * Double(Float(exact).ulp), "\(x) \(set)")
                    }
                }
            }
        }
        for set in Self.sets {
            var values: [Float] = [1, .nan, 2, 0, 0, 0, 0, 0, .nan]
            set.kernels.pointee.tanh(&values, values.count)
            #expect(values.map(\.isNaN) == [false, true, false, false, false, false, false, false, true])
        }
    }

    private func rotation(using generator: inout SeededGenerator) {
        for width in [2, 6, 10, 16, 24, 64, 80, 128] {
            let half = width / 2
            let x = randomActivations(width, using: &generator)
            let angles = randomActivations(half, using: &generator).map { 30 * $0 }
            var expected = [Double](repeating: 0, count: width)
            for (index, angle) in angles.enumerated() {
                let (c, s) = (cos(Double(angle)), sin(Double(angle)))
                let (low, high) = (Double(x[index]), Double(x[index + half]))
                expected[index] = low * c - high * s
                expected[index + half] = high * c + low * s
            }
            for set in Self.sets {
                var output = x
                set.kernels.pointee.rotate(&output, angles.map { cosf($0) }, angles.map { sinf($0) }, width)
                expectClose(output, expected, "rotation \(width)")
            }
        }
    }

    private func expectClose(_ output: [Float], _ expected: [Double], _ name: String) {
        for (found, exact) in zip(output, expected) {
            #expect(abs(Double(found) - exact) <= 3e-6 * max(abs(exact), 0.1), "\(name)")
        }
    }

    @Test("every float16 is read exactly, and floats are written to nearest, ties to even")
    func halves() {
        var generator = SeededGenerator(seed: 4)
        let bits: [UInt16] = Array(0...UInt16.max)
        let random: [Float] = (0..<200_000).map { _ in
            Float(bitPattern: UInt32.random(in: .min ... .max, using: &generator))
        }
        let ties = (0..<UInt16(0x7BFF)).map { (half: UInt16) -> Float in
            (Float(Float16(bitPattern: half)) + Float(Float16(bitPattern: half + 1))) / 2
        }
        for set in Self.sets {
            var floats = [Float](repeating: 0, count: bits.count)
            volley_dequantize(set.kernels, VOLLEY_F16, &floats, bits, bits.count)
            for (half, float) in zip(bits, floats) {
                let expected = Float(Float16(bitPattern: half))
                #expect((float == expected || (float.isNaN && expected.isNaN)) as Bool, "\(half)")
            }
            for source: [Float] in [
                random, ties, floats, [65519.9, 65520, 1e-8, -0.0, .infinity, -.infinity],
                [65519.9, -.infinity, .nan], [-65520], [1, 2, 3, 4, 5, 6, 7, -65520, 9], [0, 65504],
            ] {
                var output = [UInt16](repeating: 0, count: source.count)
                let overflows = set.kernels.pointee.to_f16(&output, source, source.count)
                #expect(overflows == zip(source, output).contains { $0.isFinite && Float16(bitPattern: $1).isInfinite })
                for (value, half) in zip(source, output) where !value.isNaN {
                    #expect((half == Float16(value).bitPattern) as Bool, "\(value)")
                }
            }
        }
    }
}

extension RowKernelTests {
    @Test("q8_0 keys and values: every instruction set writes the same blocks, within half a step of the values")
    func keyBlocks() {
        var generator = SeededGenerator(seed: 5)
        let sizes: [Float] = [1, 1e-3, 1e-6, 1e-9, 0, 3e4, 1e6, 8.3e6, 8.4e6, 1e20, .greatestFiniteMagnitude]
        var rows = sizes.map { size in (0..<64).map { _ in size * Float.random(in: -1...1, using: &generator) } }
        rows.append((0..<64).map { Float($0 - 32) / 2 })
        for odd: Float in [.infinity, -.infinity, .nan] {
            for place in [0, 31] { rows.append((0..<64).map { $0 == place ? odd : 1 }) }
        }
        for row in rows {
            var stored: [[UInt8]] = []
            for set in Self.sets {
                var blocks = [UInt8](repeating: 0xA5, count: 2 * 34)
                let overflows = set.kernels.pointee.to_q8_0(&blocks, row, row.count)
                stored.append(blocks)
                var values = [Float](repeating: 0, count: row.count)
                volley_dequantize(set.kernels, VOLLEY_Q8_0, &values, blocks, row.count)
                for first in [0, 32] {
                    let (block, found) = (row[first..<first + 32], values[first..<first + 32])
                    let scale = block.map(abs).max()! / 127
                    guard block.allSatisfy(\.isFinite), scale < 65520 else {
                        #expect(found.allSatisfy(\.isNaN) as Bool, "\(block)")
                        #expect(overflows == row.allSatisfy(\.isFinite))
                        continue
                    }
                    // Half a step, the scale's rounding, and what a scale below float16's normal numbers loses.
                    let limit = scale * (0.5 + 127 * 0x1p-11) + 127 * 0x1p-25
                    #expect(zip(block, found).allSatisfy { abs($0 - $1) <= limit } as Bool, "\(block)")
                }
            }
            #expect(stored.allSatisfy { $0 == stored[0] } as Bool, "\(row)")
        }
    }
}

extension StorageFormat {
    /// Whether a value is a single product, and so the nearest float32.
    fileprivate var roundsOnce: Bool {
        switch self {
        case .f32, .bf16, .f16, .q8_0, .q4_0, .q5_0, .iq4_nl: true
        case .q4_1, .q5_1, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_xs: false
        }
    }
}
