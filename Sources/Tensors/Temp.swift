import Foundation
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>; package let count: Int
    package init(count: Int) { self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(1,count * MemoryLayout<Element>.stride), alignment: 64)
        memset(raw, 0, count * MemoryLayout<Element>.stride)
        pointer = raw.bindMemory(to: Element.self, capacity: count) }
    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
package struct Matrix: @unchecked Sendable {
    package let rows: Int, columns: Int, format: StorageFormat, bytes: UnsafeRawPointer, owner: any AnyObject & Sendable
    package init(rows: Int, columns: Int, format: StorageFormat, bytes: UnsafeRawPointer, owner: any AnyObject & Sendable) {
        self.rows = rows; self.columns = columns; self.format = format; self.bytes = bytes; self.owner = owner }
    package var byteCount: Int { rows * (format.rowByteCount(columns: columns) ?? 0) }
    package func copyRow(_ row: Int, to output: UnsafeMutablePointer<Float>) {
        let b = bytes + row * (format.rowByteCount(columns: columns)!)
        for c in 0..<columns {
            switch format {
            case .f32: output[c] = b.loadUnaligned(fromByteOffset: 4*c, as: Float.self)
            case .bf16: output[c] = Float(bitPattern: UInt32(b.loadUnaligned(fromByteOffset: 2*c, as: UInt16.self)) << 16)
            case .f16: output[c] = Float(b.loadUnaligned(fromByteOffset: 2*c, as: Float16.self))
            case .q8_0: let p = b + c/32*34; output[c] = Float(p.loadUnaligned(as: Float16.self)) * Float(p.load(fromByteOffset: 2 + c%32, as: Int8.self))
            case .q4_0: let p = b + c/32*18; let q = p.load(fromByteOffset: 2 + c%16, as: UInt8.self); let n = c%32 < 16 ? q & 15 : q >> 4
                output[c] = Float(p.loadUnaligned(as: Float16.self)) * Float(Int(n) - 8)
            case .q4_1: let p = b + c/32*20; let q = p.load(fromByteOffset: 4 + c%16, as: UInt8.self); let n = c%32 < 16 ? q & 15 : q >> 4
                output[c] = Float(p.loadUnaligned(as: Float16.self)) * Float(n) + Float(p.loadUnaligned(fromByteOffset: 2, as: Float16.self))
            }
        }
    }
}
package struct Linear: Sendable { package let parts: [Matrix]; package let rows: Int, columns: Int
    package init(_ parts: [Matrix]) { self.parts = parts; rows = parts.map(\.rows).reduce(0,+); columns = parts[0].columns }
    package var byteCount: Int { parts.map(\.byteCount).reduce(0,+) } }
public enum KVFormat: String, Sendable, CaseIterable { case f16, f32; package var bytesPerValue: Int { self == .f16 ? 2 : 4 } }
package struct AttentionPass { 
  package init(queries: UnsafePointer<Float>, queryRowStride: Int, keys: UnsafeRawPointer, values: UnsafeRawPointer, format: KVFormat, capacity: Int, sinks: Int, window: Int, rowCount: Int, firstPosition: Int, headCount: Int, keyValueHeadCount: Int, headWidth: Int, scale: Float, output: UnsafeMutablePointer<Float>) { self.queries=queries; self.queryRowStride=queryRowStride; self.keys=keys; self.values=values; self.format=format; self.capacity=capacity; self.sinks=sinks; self.window=window; self.rowCount=rowCount; self.firstPosition=firstPosition; self.headCount=headCount; self.keyValueHeadCount=keyValueHeadCount; self.headWidth=headWidth; self.scale=scale; self.output=output }
  let queries: UnsafePointer<Float>, queryRowStride: Int, keys: UnsafeRawPointer, values: UnsafeRawPointer
  let format: KVFormat, capacity: Int, sinks: Int, window: Int, rowCount: Int, firstPosition: Int, headCount: Int, keyValueHeadCount: Int, headWidth: Int, scale: Float, output: UnsafeMutablePointer<Float> }
package final class Compute {
  package init(threadCount: Int, maximumRows: Int, maximumColumns: Int) {}
  package func linear(_ w: Linear, _ x: UnsafePointer<Float>, rowCount: Int, output: UnsafeMutablePointer<Float>) {
    var at = 0; let row = AlignedBuffer<Float>(count: w.columns)
    for p in w.parts { for r in 0..<p.rows { p.copyRow(r, to: row.pointer)
      for m in 0..<rowCount { var s: Float = 0; for c in 0..<p.columns { s += row.pointer[c] * x[m*p.columns+c] }; output[m*w.rows+at+r] = s } }; at += p.rows } }
  package func normalizeRows(_ x: UnsafePointer<Float>, rowCount: Int, width: Int, weight: UnsafePointer<Float>, epsilon: Float, output: UnsafeMutablePointer<Float>) {
    for r in 0..<rowCount { var s: Float = 0; for c in 0..<width { s += x[r*width+c]*x[r*width+c] }
      let f = 1/(s/Float(width)+epsilon).squareRoot(); for c in 0..<width { output[r*width+c] = x[r*width+c]*f*weight[c] } } }
  package func normalizeHeads(_ b: UnsafeMutablePointer<Float>, rowCount: Int, rowStride: Int, headCount: Int, headWidth: Int, weight: UnsafePointer<Float>, epsilon: Float) {
    for r in 0..<rowCount { for h in 0..<headCount { let p = b + r*rowStride + h*headWidth; normalizeRows(p, rowCount: 1, width: headWidth, weight: weight, epsilon: epsilon, output: p) } } }
  package func rotateHeads(_ b: UnsafeMutablePointer<Float>, rowCount: Int, rowStride: Int, headCount: Int, headWidth: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>) {
    let half = headWidth/2
    for r in 0..<rowCount { for h in 0..<headCount { let p = b + r*rowStride + h*headWidth; for i in 0..<half { let a = p[i], d = p[i+half], c = cosines[r*half+i], s = sines[r*half+i]; p[i] = a*c-d*s; p[i+half] = d*c+a*s } } } }
  package func gate(_ g: UnsafePointer<Float>, rowCount: Int, width: Int, output: UnsafeMutablePointer<Float>) { for r in 0..<rowCount { for c in 0..<width { let v = g[r*2*width+c]; output[r*width+c] = v/(1+exp(-v))*g[r*2*width+width+c] } } }
  package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) { for i in 0..<count { y[i] += x[i] } }
  func slot(_ k: Int, _ cap: Int, _ s: Int) -> Int { k < s ? k : s + (k-s) % (cap-s) }
  package func store(_ x: UnsafePointer<Float>, rowCount: Int, rowStride: Int, keyValueHeadCount: Int, headWidth: Int, into: UnsafeMutableRawPointer, format: KVFormat, capacity: Int, sinks: Int, firstPosition: Int) {
    for r in 0..<rowCount { let t = slot(firstPosition+r, capacity, sinks); for h in 0..<keyValueHeadCount { for c in 0..<headWidth { let v = x[r*rowStride+h*headWidth+c]; let i = (h*capacity+t)*headWidth+c
      if format == .f16 { into.storeBytes(of: Float16(v), toByteOffset: 2*i, as: Float16.self) } else { into.storeBytes(of: v, toByteOffset: 4*i, as: Float.self) } } } } }
  package func attend(_ a: AttentionPass) {
    func get(_ b: UnsafeRawPointer, _ i: Int) -> Float { a.format == .f16 ? Float(b.load(fromByteOffset: 2*i, as: Float16.self)) : b.load(fromByteOffset: 4*i, as: Float.self) }
    for r in 0..<a.rowCount { let p = a.firstPosition + r; for h in 0..<a.headCount { let kv = h / (a.headCount/a.keyValueHeadCount)
      let keys = (0...p).filter { $0 < a.sinks || a.window == .max || $0 > p - a.window }
      let q = a.queries + r*a.queryRowStride + h*a.headWidth
      let sc = keys.map { k in let t = slot(k, a.capacity, a.sinks); var s: Float = 0; for c in 0..<a.headWidth { s += q[c]*get(a.keys, (kv*a.capacity+t)*a.headWidth+c) }; return s*a.scale }
      let m = sc.max()!; let e = sc.map { exp($0-m) }; let z = e.reduce(0,+)
      for c in 0..<a.headWidth { var s: Float = 0; for (j,k) in keys.enumerated() { s += e[j]*get(a.values, (kv*a.capacity+slot(k,a.capacity,a.sinks))*a.headWidth+c) }; a.output[r*a.headCount*a.headWidth+h*a.headWidth+c] = s/z } } } }
}
