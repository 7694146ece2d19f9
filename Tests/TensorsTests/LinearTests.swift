import CKernels
import Tensors
import TestSupport
import Testing

struct LinearTests {
    static let instructionSets = InstructionSet.allCases.filter(\.isAvailable)

    static func multiply(
        _ weights: Linear, _ input: [Float], rowCount: Int, threadCount: Int = 1, maximumRows: Int = 16,
        _ instructionSet: InstructionSet = .best, _ activations: ActivationFormat = .int16
    ) throws -> [Float] {
        let compute = try Compute(
            threadCount: threadCount, maximumRows: maximumRows, maximumColumns: weights.columns, headWidth: 8,
            activations: activations, instructionSet: instructionSet)
        var output = [Float](repeating: .nan, count: rowCount * weights.rows)
        compute.linear(weights, input, rowCount: rowCount, output: &output)
        return output
    }

    /// Rounded activations, computed independently of the kernels.
    static func rounded(_ input: [Float], to activations: ActivationFormat) -> [Double] {
        let largestCode: Float = activations == .int16 ? 32767 : 127
        return stride(from: 0, to: input.count, by: 32).flatMap { start in
            let block = input[start..<min(start + 32, input.count)]
            let largest = block.map(abs).max() ?? 0
            guard largest > 0 else { return block.map { _ in 0.0 } }
            let inverse = largestCode / largest
            return block.map { Double(($0 * inverse).rounded(.toNearestOrEven)) * Double(largest / largestCode) }
        }
    }

    @Test("every format, instruction set and row count against double precision")
    func againstDoublePrecision() throws {
        var generator = SeededGenerator(seed: 1)
        for format in StorageFormat.allCases {
            let isBlocked = format.valuesPerBlock > 1
            let blocks = format.valuesPerBlock == 32 ? [32, 64, 96, 288, 1056] : [256, 512, 1280]
            for columns in isBlocked ? blocks : [1, 2, 3, 7, 8, 9, 17, 31, 64, 131, 1023] {
                for isExtreme in [false, true] {
                    let stored = StoredValues(
                        rows: 13, columns: columns, format: format, isExtreme: isExtreme, misalignment: columns % 7,
                        using: &generator)
                    for rowCount in 1...16 {
                        let input = randomActivations(rowCount * columns, isExtreme: isExtreme, using: &generator)
                        for activations in isBlocked ? ActivationFormat.allCases : [.int16] {
                            let exact = isBlocked ? Self.rounded(input, to: activations) : input.map(Double.init)
                            for set in Self.instructionSets {
                                let output = try Self.multiply(
                                    Linear([stored.matrix]), input, rowCount: rowCount, set, activations)
                                expectClose(
                                    output, stored, exact, rowCount,
                                    "\(format) \(columns) \(rowCount) \(set) \(activations)")
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(
        "the largest codes times the largest activations do not overflow the sums", arguments: ActivationFormat.allCases
    )
    func largestProducts(_ activations: ActivationFormat) throws {
        var generator = SeededGenerator(seed: 6)
        for format in StorageFormat.allCases where format.valuesPerBlock > 1 {
            let stored = StoredValues(rows: 16, columns: 512, format: format, isExtreme: true, using: &generator)
            for value: Float in [1, -1] {
                let input = [Float](repeating: value, count: 8 * 512)
                for rowCount in [1, 2, 8] {
                    for set in Self.instructionSets {
                        let output = try Self.multiply(
                            Linear([stored.matrix]), input, rowCount: rowCount, set, activations)
                        expectClose(
                            output, stored, Self.rounded(input, to: activations), rowCount,
                            "\(format) \(value) \(rowCount) \(set)")
                    }
                }
            }
        }
    }

    @Test("the bits do not depend on prefetching", arguments: ActivationFormat.allCases)
    func fetching(_ activations: ActivationFormat) throws {
        var generator = SeededGenerator(seed: 7)
        for format in StorageFormat.allCases where format.valuesPerBlock > 1 {
            // Large enough for a trial, whose first two runs differ in prefetching.
            let stored = StoredValues(rows: 1211, columns: 1024, format: format, using: &generator)
            let weights = Linear([stored.matrix])
            for rowCount in 1...Int(VOLLEY_PREFETCH_ROWS) {
                let input = randomActivations(rowCount * weights.columns, using: &generator)
                for set in Self.instructionSets {
                    let compute = try Compute(
                        threadCount: 2, maximumRows: 16, maximumColumns: weights.columns, headWidth: 8,
                        activations: activations, instructionSet: set)
                    let outputs = (0..<4).map { _ in
                        [Float](unsafeUninitializedCapacity: rowCount * weights.rows) { output, count in
                            compute.linear(weights, input, rowCount: rowCount, output: output.baseAddress!)
                            count = output.count
                        }
                    }
                    let alone = try Self.multiply(weights, input, rowCount: rowCount, set, activations)
                    #expect(outputs.allSatisfy { $0 == alone }, "\(format) \(rowCount) \(set)")
                }
            }
        }
    }

    /// The error of a float32 sum of n products is at most about n·2⁻²⁴ times the sum of their magnitudes.
    private func expectClose(
        _ output: [Float], _ stored: StoredValues, _ input: [Double], _ rowCount: Int, _ name: String
    ) {
        let columns = stored.matrix.columns
        for row in 0..<rowCount {
            for (index, weights) in stored.values.enumerated() {
                var (sum, size) = (0.0, 0.0)
                for (k, weight) in weights.enumerated() {
                    sum += weight * input[row * columns + k]
                    size += abs(weight * input[row * columns + k])
                }
                let difference = abs(Double(output[row * stored.values.count + index]) - sum)
                // Blocks of q4 subtract a constant, which doubles the error.
                #expect(difference <= size * 4e-7 * Double(columns).squareRoot() + 1e-30, "\(name) [\(row), \(index)]")
            }
        }
    }

    @Test(
        "a row alone and a row among others give the same bits, whatever the threads",
        arguments: ActivationFormat.allCases)
    func rowsAndThreads(_ activations: ActivationFormat) throws {
        var generator = SeededGenerator(seed: 2)
        for format in StorageFormat.allCases {
            let columns = max(96, format.valuesPerBlock)
            let parts = [17, 5, 40].map {
                StoredValues(rows: $0, columns: columns, format: format, using: &generator).matrix
            }
            let weights = Linear(parts)
            let input = randomActivations(16 * columns, using: &generator)
            for set in Self.instructionSets {
                let alone = try (0..<16).flatMap {
                    try Self.multiply(
                        weights, Array(input[$0 * columns..<($0 + 1) * columns]), rowCount: 1, set, activations)
                }
                for rowCount in 1...16 {
                    for threadCount in 1...3 {
                        let output = try Self.multiply(
                            weights, Array(input[..<(rowCount * columns)]), rowCount: rowCount,
                            threadCount: threadCount, set, activations
                        )
                        #expect(
                            (output == Array(alone[..<output.count])) as Bool,
                            "\(format) \(set) \(rowCount) \(threadCount) \(activations)")
                    }
                }
            }
        }
    }

    @Test("matrices of several formats side by side give the results of each alone, in kernels and in OpenBLAS")
    func parts() throws {
        var generator = SeededGenerator(seed: 3)
        let matrices = StorageFormat.allCases.enumerated().map { index, format in
            StoredValues(rows: 60 + 33 * index, columns: 256, format: format, using: &generator).matrix
        }
        let together = Linear(matrices)
        for rowCount in [3, 50] {
            let input = randomActivations(rowCount * 256, using: &generator)
            let alone = try matrices.map { try Self.multiply(Linear([$0]), input, rowCount: rowCount, maximumRows: 50) }
            for threadCount in 1...3 {
                let output = try Self.multiply(
                    together, input, rowCount: rowCount, threadCount: threadCount, maximumRows: 50)
                let expected = (0..<rowCount).flatMap { row in
                    zip(matrices, alone).flatMap { $1[row * $0.rows..<(row + 1) * $0.rows] }
                }
                #expect((output == expected) as Bool, "\(rowCount) rows, \(threadCount) threads")
            }
        }
    }

    @Test("many rows give the results of each row alone: bit for bit in quantised formats, nearly so in OpenBLAS")
    func wide() throws {
        var generator = SeededGenerator(seed: 4)
        for format in StorageFormat.allCases {
            let columns = max(160, format.valuesPerBlock)
            let weights = Linear([StoredValues(rows: 150, columns: columns, format: format, using: &generator).matrix])
            let input = randomActivations(40 * columns, using: &generator)
            for rowCount in [17, 23, 40] {
                let wide = try Self.multiply(weights, input, rowCount: rowCount, threadCount: 2, maximumRows: 40)
                for row in 0..<rowCount {
                    let alone = try Self.multiply(
                        weights, Array(input[row * columns..<(row + 1) * columns]), rowCount: 1)
                    let difference = zip(alone, wide[(row * 150)...]).map { abs($0 - $1) }.max() ?? .infinity
                    let scale = format.valuesPerBlock > 1 ? 0 : 1e-5 * (alone.map(abs).max() ?? 0)
                    #expect(difference <= scale, "\(format) row \(row) of \(rowCount): \(difference)")
                }
            }
        }
    }

    @Test("packed weights return the bits of the rows they were packed from")
    func packedRows() {
        var generator = SeededGenerator(seed: 5)
        for format in StorageFormat.allCases {
            let columns = 3 * max(32, format.valuesPerBlock)
            let parts = [1, 16, 37].map {
                StoredValues(
                    rows: $0, columns: columns, format: format, isExtreme: true, misalignment: $0 % 4, using: &generator
                ).matrix
            }
            let weights = Linear(parts)
            let rows = parts.flatMap { part in (0..<part.rows).map { (part, $0) } }
            for (number, (part, row)) in rows.enumerated() {
                var stored = [Float](repeating: .nan, count: columns), packed = stored
                part.copyRow(row, to: &stored)
                weights.copyRow(number, to: &packed)
                #expect(stored.map(\.bitPattern) == packed.map(\.bitPattern), "\(format) row \(number)")
            }
        }
    }
}
