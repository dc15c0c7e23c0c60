import Tensors

/// What the UNet's deep part last made, for use in the steps that leave that part out (DeepCache, Ma et
/// al. 2024): between neighbouring steps it changes little.
///
/// A cache belongs to one run and one prompt.
public final class DeepCache {
    private let interval: Int
    private var features: Tensor?
    private var uses = 0

    /// - Parameter interval: the deep part runs in one of so many calls, 1 or more.
    public init(interval: Int) {
        precondition(interval > 0)
        self.interval = interval
    }

    /// What to go on with in this call; nil if the deep part has to run.
    func next(batch: Int) -> Tensor? {
        guard let features, features.shape[0] == batch, uses + 1 < interval else { return nil }
        uses += 1
        return features
    }

    func keep(_ features: Tensor) {
        guard interval > 1 else { return }
        self.features = features
        uses = 0
    }
}
