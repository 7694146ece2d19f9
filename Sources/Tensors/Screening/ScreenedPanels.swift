import CKernels

/// The outputs of a screen's copy, in panels of 16 rows.
struct ScreenedPanels {
    /// [rows]
    let screened: UnsafeMutablePointer<Float>
    /// Distances of rows from their copies: [rows].
    let distances: UnsafePointer<Float>
    let rows: Int

    /// Rows of a panel.
    static let width = Int(VOLLEY_PANEL_ROWS)

    var count: Int { (rows + Self.width - 1) / Self.width }

    /// The panel of the row with the largest lower bound; nil if no bound is a number.
    func likeliest(within tolerance: ScreenTolerance) -> Int? {
        var (panel, floor) = (Int?.none, -Float.infinity)
        for candidate in 0..<count {
            let lower = bounds(ofPanel: candidate, tolerance).lower
            // False for NaN.
            guard any(lower .> floor) else { continue }
            (panel, floor) = (candidate, largest(of: lower, above: floor))
        }
        return panel
    }

    /// The largest output of a panel, ignoring NaN.
    func largest(ofPanel panel: Int) -> Float { largest(of: values(ofPanel: panel, in: screened), above: -.infinity) }

    private func largest(of values: SIMD16<Float>, above floor: Float) -> Float {
        var numbers = SIMD16<Float>(repeating: floor)
        numbers.replace(with: values, where: values .> floor)
        return numbers.max()
    }

    /// Sets the outputs of panels that cannot reach `floor` to −∞, and lists the other panels in `kept`, ascending.
    ///
    /// - Parameter kept: has room for all panels.
    /// - Returns: the number of panels kept.
    func prune(
        below floor: Float, within tolerance: ScreenTolerance, keeping kept: UnsafeMutablePointer<Int>
    ) -> Int {
        var keptCount = 0
        for panel in 0..<count {
            // NaN bounds keep a panel.
            guard any(.!(bounds(ofPanel: panel, tolerance).upper .< floor)) else {
                (screened + panel * Self.width).update(
                    repeating: -.infinity, count: min(Self.width, rows - panel * Self.width))
                continue
            }
            kept[keptCount] = panel
            keptCount += 1
        }
        return keptCount
    }

    /// Bounds of a panel's exact outputs.
    private func bounds(
        ofPanel panel: Int, _ tolerance: ScreenTolerance
    ) -> (lower: SIMD16<Float>, upper: SIMD16<Float>) {
        let outputs = values(ofPanel: panel, in: screened)
        let width = values(ofPanel: panel, in: distances) * tolerance.inputNorm + tolerance.slack
        return (outputs - width, outputs + width)
    }

    /// A panel's values; the last row repeats to fill the panel.
    private func values(ofPanel panel: Int, in values: UnsafePointer<Float>) -> SIMD16<Float> {
        let first = panel * Self.width
        if first + Self.width <= rows {
            return UnsafeRawPointer(values + first).loadUnaligned(as: SIMD16<Float>.self)
        }
        var result = SIMD16<Float>(repeating: values[rows - 1])
        for row in first..<rows { result[row - first] = values[row] }
        return result
    }
}
