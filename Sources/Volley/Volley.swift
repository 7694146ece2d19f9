// Importing Volley also imports these modules.
@_exported import Constraints
@_exported import Decoding
@_exported import Models
@_exported import Tensors
@_exported import Tokens
@_exported import Weights
