// The public face: what a program that imports Volley needs from the rooms behind it.
@_exported import Decoding
@_exported import Models
@_exported import Tensors
@_exported import Tokens
@_exported import Weights
