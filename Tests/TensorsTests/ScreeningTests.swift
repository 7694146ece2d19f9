import Tensors
import TestSupport
import Testing

/// A screen excludes only outputs that cannot be the largest: greedy sampling takes the same token as from all logits.
struct ScreeningTests {
    static let formats: [StorageFormat] = [.f32, .bf16, .f16, .q8_0]

    /// Formats whose rows are copied in six bits, or in eight.
    static func widths(_ format: StorageFormat) -> [Int] { format == .q8_0 ? [256, 512] : [256, 288] }

    /// A matrix in `format`, converted from float32 values.
    static func matrix(
        _ format: StorageFormat, rows: Int, columns: Int = 256, _ value: (_ row: Int, _ column: Int) -> Float
    ) throws -> Matrix {
        let buffer = AlignedBuffer<Float>(count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns { buffer.pointer[row * columns + column] = value(row, column) }
        }
        return try Matrix(
            rows: rows, columns: columns, format: .f32, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer
        ).converted(to: format)
    }

    static func vector(_ kind: Kind, count: Int, using generator: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in kind.value(using: &generator) }
    }

    /// The distribution of values.
    enum Kind: CaseIterable {
        case gaussian
        /// A few values are far larger than the others.
        case heavyTailed
        case uniform

        func value(using generator: inout SeededGenerator) -> Float {
            let normal = (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &generator) }
            return switch self {
            case .gaussian: normal
            case .heavyTailed: normal * normal * normal * normal * normal
            case .uniform: Float.random(in: -1...1, using: &generator)
            }
        }
    }

    /// All outputs, the outputs with a screen, and the number that the screen reports as exact.
    static func outputs(
        _ matrix: Matrix, _ input: [Float], threadCount: Int = 2, _ set: InstructionSet = .best,
        _ activations: ActivationFormat = .int16
    ) throws -> (all: [Float], left: [Float], exactCount: Int) {
        let weights = Linear([matrix])
        let screen = try #require(RowScreen(of: matrix))
        let compute = try Compute(
            threadCount: threadCount, maximumRows: 1, maximumColumns: matrix.columns, headWidth: 8,
            activations: activations, instructionSet: set)
        var (all, left) = ([Float](repeating: 0, count: matrix.rows), [Float](repeating: 0, count: matrix.rows))
        compute.linear(weights, input, rowCount: 1, output: &all)
        let exactCount = compute.linearForArgmax(weights, screen, input, output: &left)
        return (all, left, exactCount)
    }

    /// Checks that the remaining outputs have the bits of `linear`, and that the argmax is the same.
    static func expectSameLargest(
        _ outputs: (all: [Float], left: [Float], exactCount: Int), _ name: String
    ) {
        let places = outputs.left.indices.filter { outputs.left[$0] != -.infinity }
        let isExact = places.allSatisfy { outputs.left[$0].bitPattern == outputs.all[$0].bitPattern }
        #expect(isExact && places.count <= outputs.exactCount, "\(name)")
        let largest = [outputs.all, outputs.left].map { $0.withUnsafeBufferPointer(\.argmax) }
        #expect(largest[0] == largest[1], "\(name)")
    }

    @Test(
        "every exact output lies within its bound", arguments: ScreeningTests.formats, ActivationFormat.allCases)
    func bounds(format: StorageFormat, activations: ActivationFormat) throws {
        var generator = SeededGenerator(seed: 1)
        for columns in Self.widths(format) {
            for kind in Kind.allCases {
                let matrix = try Self.matrix(format, rows: 1000, columns: columns) { row, _ in
                    kind.value(using: &generator) * (row % 7 == 0 ? 1e-3 : 1)
                }
                for inputKind in Kind.allCases {
                    let input = Self.vector(inputKind, count: columns, using: &generator)
                    for set in LinearTests.instructionSets {
                        let share = try Self.largestShareOfBound(matrix, input, set, activations)
                        // Random errors rarely add up. If the bound were far too wide, most rows would remain.
                        let isSound = share <= 1 && share > 0.05
                        #expect(isSound, "\(columns) \(kind) \(inputKind) \(set): \(share)")
                    }
                }
            }
        }
    }

    /// The largest error of a screen's output, as a share of its bound.
    private static func largestShareOfBound(
        _ matrix: Matrix, _ input: [Float], _ set: InstructionSet, _ activations: ActivationFormat
    ) throws -> Double {
        let screen = try #require(RowScreen(of: matrix))
        let compute = try Compute(
            threadCount: 1, maximumRows: 1, maximumColumns: matrix.columns, headWidth: 8, activations: activations,
            instructionSet: set)
        var exact = [Float](repeating: 0, count: matrix.rows), screened = exact
        compute.linear(Linear([matrix]), input, rowCount: 1, output: &exact)
        let tolerance = try #require(compute.screen(screen, input, output: &screened))
        return (0..<matrix.rows).reduce(0) { largest, row in
            let bound = screen.distances.pointer[row] * tolerance.inputNorm + tolerance.slack
            return max(largest, Double(abs(exact[row] - screened[row]) / bound))
        }
    }

    @Test(
        "the largest of random rows, by any number of threads", arguments: ScreeningTests.formats,
        ActivationFormat.allCases)
    func randomRows(format: StorageFormat, activations: ActivationFormat) throws {
        var generator = SeededGenerator(seed: 2)
        var exactCounts: [Int] = []
        for (rows, columns) in [1, 15, 16, 17, 1000, 4099].flatMap({ rows in Self.widths(format).map { (rows, $0) } }) {
            for kind in Kind.allCases {
                let matrix = try Self.matrix(format, rows: rows, columns: columns) { _, _ in
                    kind.value(using: &generator)
                }
                for inputKind in Kind.allCases {
                    let input = Self.vector(inputKind, count: columns, using: &generator)
                    for set in LinearTests.instructionSets {
                        for threadCount in 1...3 {
                            let outputs = try Self.outputs(
                                matrix, input, threadCount: threadCount, set, activations)
                            Self.expectSameLargest(outputs, "\(rows) \(kind) \(inputKind) \(set) \(threadCount)")
                            if rows == 4099 { exactCounts.append(outputs.exactCount) }
                        }
                    }
                }
            }
        }
        // Most rows are excluded.
        #expect(exactCounts.reduce(0, +) < exactCounts.count * 4099 / 4, "\(exactCounts)")
    }

    @Test("ties and near-ties: the first largest output wins, and all are exact", arguments: ScreeningTests.formats)
    func ties(format: StorageFormat) throws {
        var generator = SeededGenerator(seed: 3)
        let input = Self.vector(.gaussian, count: 256, using: &generator)
        for noise in [0, 1e-7, 1e-5, 1e-3] as [Float] {
            for places in [[700, 40, 41, 1999], [0, 1999], [5, 6, 7]] {
                let matrix = try Self.matrix(format, rows: 2000) { row, column in
                    let value = Kind.gaussian.value(using: &generator)
                    // Parallel to the input: by far the largest products, and nearly equal.
                    return places.contains(row) ? input[column] * (1 + noise * value) : value / 4
                }
                let outputs = try Self.outputs(matrix, input)
                Self.expectSameLargest(outputs, "\(noise) \(places)")
                #expect(places.allSatisfy { outputs.left[$0] == outputs.all[$0] })
                #expect(outputs.exactCount < 2000)
                if noise == 0 { #expect(outputs.left.firstIndex(of: outputs.left.max() ?? 0) == places.min()) }
            }
        }
        let equal = try Self.matrix(format, rows: 300) { _, column in input[column] }
        Self.expectSameLargest(try Self.outputs(equal, input), "equal rows")
    }

    @Test("zero matrices, zero rows and a zero input give the first row", arguments: ScreeningTests.formats)
    func zeros(format: StorageFormat) throws {
        var generator = SeededGenerator(seed: 4)
        let input = Self.vector(.gaussian, count: 256, using: &generator)
        let none = try Self.matrix(format, rows: 100) { _, _ in 0 }
        let some = try Self.matrix(format, rows: 100) { row, column in
            row % 3 == 0 ? 0 : -input[column] * Float(row)  // zero is then the largest output
        }
        let random = try Self.matrix(format, rows: 100) { _, _ in Kind.gaussian.value(using: &generator) }
        for (matrix, input) in [(none, input), (some, input), (random, [Float](repeating: 0, count: 256))] {
            let outputs = try Self.outputs(matrix, input)
            Self.expectSameLargest(outputs, "")
            #expect(outputs.left.firstIndex(of: outputs.left.max() ?? 1) == 0)
        }
    }

    @Test("magnitudes from underflow to overflow", arguments: ScreeningTests.formats)
    func sizes(format: StorageFormat) throws {
        var generator = SeededGenerator(seed: 5)
        let isWide = format == .f32 || format == .bf16
        let weightSizes: [Float] = isWide ? [1e-38, 1e-20, 1, 1e20, 1e37] : [1e-7, 1e-3, 1e3]
        for weightSize in weightSizes {
            let matrix = try Self.matrix(format, rows: 500) { _, _ in
                Float.random(in: -weightSize...weightSize, using: &generator)
            }
            for inputSize in [7 * Float.leastNonzeroMagnitude, 1e-38, 1e-20, 1, 1e20, 1e38] as [Float] {
                let input = (0..<256).map { _ in Float.random(in: -inputSize...inputSize, using: &generator) }
                Self.expectSameLargest(try Self.outputs(matrix, input), "\(weightSize) \(inputSize)")
            }
        }
    }

    @Test("NaN and infinity in weights or input give the result without a screen")
    func notFinite() throws {
        var generator = SeededGenerator(seed: 6)
        let input = Self.vector(.gaussian, count: 256, using: &generator)
        for format in Self.formats where format != .q8_0 {
            for value in [Float.nan, .infinity, -.infinity] {
                // One row is far ahead of the others, which are then excluded.
                let matrix = try Self.matrix(format, rows: 1000) { row, column in
                    row == 777 && column == 3
                        ? value : row == 5 ? input[column] : Kind.gaussian.value(using: &generator) / 4
                }
                let outputs = try Self.outputs(matrix, input)
                Self.expectSameLargest(outputs, "\(format) \(value)")
                #expect(outputs.left[777].bitPattern == outputs.all[777].bitPattern && outputs.exactCount < 1000)
                for damage in [Float.nan, .infinity, -.infinity] {
                    let outputs = try Self.outputs(matrix, [damage] + input.dropFirst())
                    #expect(outputs.left.map(\.bitPattern) == outputs.all.map(\.bitPattern))
                }
            }
        }
    }

    @Test("blocks of q8_0 with a NaN scale, and codes of −128")
    func damagedBlocks() throws {
        var generator = SeededGenerator(seed: 7)
        let input = Self.vector(.gaussian, count: 256, using: &generator)
        for scale in [Float16.nan, .infinity, -.infinity, .greatestFiniteMagnitude, 0, -1] {
            let buffer = AlignedBuffer<UInt8>(count: 1000 * 8 * 34)
            let bytes = UnsafeMutableRawPointer(buffer.pointer)
            for block in 0..<1000 * 8 {
                let isDamaged = block == 777 * 8 + 2
                bytes.storeBytes(
                    of: (isDamaged ? scale : 0.01).bitPattern, toByteOffset: 34 * block, as: UInt16.self)
                for code in 0..<32 {
                    bytes.storeBytes(
                        of: isDamaged ? -128 : Int8.random(in: -128...127, using: &generator),
                        toByteOffset: 34 * block + 2 + code, as: Int8.self)
                }
            }
            let matrix = Matrix(
                rows: 1000, columns: 256, format: .q8_0, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer)
            Self.expectSameLargest(try Self.outputs(matrix, input), "\(scale)")
        }
    }

    @Test("which matrices have a screen, and how many bytes it reads")
    func screenedFormats() throws {
        for format in StorageFormat.allCases {
            for columns in [256, 288] where format.rowByteCount(columns: columns) != nil {
                let buffer = AlignedBuffer<UInt8>(count: 40 * (format.rowByteCount(columns: columns) ?? 0))
                let screen = RowScreen(
                    of: Matrix(
                        rows: 40, columns: columns, format: format, bytes: UnsafeRawPointer(buffer.pointer),
                        owner: buffer))
                let isPlain = format.valuesPerBlock == 1
                #expect((screen != nil) == (isPlain || format == .q8_0 && columns == 256), "\(format) \(columns)")
                #expect(screen.map { $0.byteCount < 40 * (format.rowByteCount(columns: columns) ?? 0) } ?? true)
            }
        }
        #expect(try RowScreen(of: Self.matrix(.bf16, rows: 3, columns: 100) { _, _ in 1 }) == nil)
    }
}
