import CKernels

/// Matrix–vector products of which only the argmax is needed. A `RowScreen` selects the rows to compute.
extension Compute {
    /// `linear` for one input, with −∞ instead of outputs that cannot be the largest. The other outputs have the bits
    /// of `linear`, and so the argmax is the same.
    ///
    /// - Parameters:
    ///   - screen: of the only matrix in `weights`.
    ///   - input: [weights.columns]
    ///   - output: [weights.rows]
    /// - Returns: the number of outputs computed exactly.
    package func linearForArgmax(
        _ weights: Linear, _ screen: RowScreen, _ input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
    ) -> Int {
        precondition(weights.slices.count == 1)
        precondition(weights.rows == screen.copy.rows && weights.columns == screen.copy.columns)
        let panels = ScreenedPanels(screened: output, distances: screen.distances.pointer, rows: weights.rows)
        if candidatePanels.count < panels.count { candidatePanels = AlignedBuffer(unfilledCount: panels.count) }
        if let tolerance = self.screen(screen, input, output: output),
            let likeliest = panels.likeliest(within: tolerance)
        {
            let candidates = candidatePanels.pointer
            candidates[0] = likeliest
            // An exact floor excludes far more panels than a lower bound.
            multiply(weights, panels: candidates, count: 1, input, output: output)
            let floor = panels.largest(ofPanel: likeliest)
            let count = panels.prune(below: floor, within: tolerance, keeping: candidates)
            if count <= panels.count / Self.fewestPanelsPerCandidate {
                multiply(weights, panels: candidates, count: count, input, output: output)
                return min(count * ScreenedPanels.width, weights.rows)
            }
        }
        linear(weights, input, rowCount: 1, output: output)
        return weights.rows
    }

    /// Multiplies a screen's copy by one input. Returns the tolerance of the outputs; nil if there is no bound.
    ///
    /// - Parameters:
    ///   - input: [columns]
    ///   - output: [rows]
    package func screen(
        _ screen: RowScreen, _ input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
    ) -> ScreenTolerance? {
        linear(screen.copy, input, rowCount: 1, output: output)
        // `linear` leaves the rounded input in `blocks`.
        return ScreenTolerance(of: screen, input, rounded: blocks.pointer, activations)
    }

    /// If more than one panel in this many is a candidate, all rows are computed, in one stream of memory.
    private static var fewestPanelsPerCandidate: Int { 4 }

    private func multiply(
        _ weights: Linear, panels: UnsafePointer<Int>, count: Int, _ input: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>
    ) {
        var job = PanelJob(
            kernels: kernels, activations: activations, slice: weights.slices.pointer[0],
            input: weights.roundsActivations ? UnsafeRawPointer(blocks.pointer) : UnsafeRawPointer(input),
            output: output, panels: panels, count: count)
        team.run(
            parts: count < PanelJob.parallelThreshold ? 1 : parts(of: count),
            { job, part, parts, _ in PanelJob.at(job).multiply(part: part, of: parts) }, &job)
    }
}
