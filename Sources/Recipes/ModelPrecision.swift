/// The numbers that a model's products are computed in.
public enum ModelPrecision: String, CaseIterable, Sendable {
    /// 32-bit floats: the same pictures everywhere, within the bounds of the parity tests.
    case exact
    /// Rounded to bfloat16 where that is faster: slightly different pictures.
    case bf16
    /// Rounded to 8-bit integers where that is faster, the autoencoder to bfloat16: other details.
    case int8
}
