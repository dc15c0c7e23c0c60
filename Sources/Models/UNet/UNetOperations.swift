extension UNet2DCondition.Configuration {
    /// Multiplications in one call with one row, so far as they count: convolutions, linear layers and
    /// attention.
    ///
    /// - Parameters:
    ///   - width: of the latents.
    ///   - height: likewise.
    ///   - tokens: of the prompt.
    ///   - merging: share of the pixels that self-attention merges at the finest level.
    ///   - isShallow: whether the deep part is spared (DeepCache).
    ///   - share: of the latents that is computed, with attention to all of them.
    public func operations(
        width: Int, height: Int, tokens: Int = 77, merging: Double = 0, isShallow: Bool = false,
        share: Double = 1
    ) -> Double {
        let size = LevelSize(width: width, height: height, share: share)
        let finest = size.places(0) * 9
        let ends = finest * Double(levels[0].channels * (inChannels + outChannels))
        let indices = isShallow ? 0..<1 : levels.indices
        let sum = indices.reduce(ends) { sum, index in
            let merged = index == 0 ? merging : 0
            return sum + down(index, size, tokens, merged) + up(index, size, tokens, merged)
        }
        return isShallow ? sum : sum + middle(size, tokens)
    }

    /// Multiplications on the way down and in the middle with a projection of each skip connection: those
    /// of a ControlNet.
    func downOperations(width: Int, height: Int, tokens: Int) -> Double {
        let size = LevelSize(width: width, height: height, share: 1)
        let ends = size.places(0) * convolution(inChannels, levels[0].channels)
        let way = levels.indices.reduce(ends) { $0 + down($1, size, tokens, 0) }
        let coarsest = levels.count - 1
        let last = Double(levels[coarsest].channels * levels[coarsest].channels)
        let projections = zip(skipChannels, skipLevels).reduce(size.places(coarsest) * last) {
            $0 + size.places($1.1) * Double($1.0 * $1.0)
        }
        return way + middle(size, tokens) + projections
    }

    /// Keys and values of all places, and in the areas what convolutions read.
    public func keptFloatsPerLatent(share: Double) -> Double {
        levels.enumerated().reduce(0.0) { sum, entry in
            let level = entry.element
            let blocks =
                (level.downHasAttention ? level.layers : 0)
                + (level.upHasAttention ? level.layers + 1 : 0)
            let memory = 2 * blocks * level.transformerDepth * level.channels
            // A residual block reads its input, on the way up with a skip connection, and what it makes.
            let read = (2 * level.layers + 3 * (level.layers + 1) + 2) * level.channels
            return sum + (Double(memory) + share * Double(read)) / Double(1 << (2 * entry.offset))
        }
    }

    /// How many latents a level has.
    private struct LevelSize {
        let width: Int
        let height: Int
        /// Of them that is computed.
        let share: Double

        func places(_ level: Int) -> Double { share * all(level) }

        func all(_ level: Int) -> Double {
            let scale = 1 << level
            return Double((width + scale - 1) / scale) * Double((height + scale - 1) / scale)
        }
    }

    private func down(
        _ index: Int, _ size: LevelSize, _ tokens: Int, _ merging: Double
    ) -> Double {
        let level = levels[index]
        let places = size.places(index)
        let from = levels[max(index - 1, 0)].channels
        var sum = (0..<level.layers).reduce(0.0) { sum, layer in
            sum + places * resnet(from: layer == 0 ? from : level.channels, to: level.channels)
        }
        if level.downHasAttention {
            sum +=
                Double(level.layers)
                * transformer(level, places, of: size.all(index), tokens, merging)
        }
        guard index < levels.count - 1 else { return sum }
        return sum + size.places(index + 1) * convolution(level.channels, level.channels)
    }

    private func middle(_ size: LevelSize, _ tokens: Int) -> Double {
        guard let midHasAttention, let level = levels.last else { return 0 }
        let places = size.places(levels.count - 1)
        let block = places * resnet(from: level.channels, to: level.channels)
        return midHasAttention
            ? 2 * block + transformer(level, places, of: size.all(levels.count - 1), tokens, 0)
            : block
    }

    private func up(
        _ index: Int, _ size: LevelSize, _ tokens: Int, _ merging: Double
    ) -> Double {
        let level = levels[index]
        let places = size.places(index)
        let below = levels[min(index + 1, levels.count - 1)].channels
        var sum = (0...level.layers).reduce(0.0) { sum, layer in
            let skip = layer == level.layers ? levels[max(index - 1, 0)].channels : level.channels
            let from = (layer == 0 ? below : level.channels) + skip
            return sum + places * resnet(from: from, to: level.channels)
        }
        if level.upHasAttention {
            sum +=
                Double(level.layers + 1)
                * transformer(level, places, of: size.all(index), tokens, merging)
        }
        guard index > 0 else { return sum }
        return sum + size.places(index - 1) * convolution(level.channels, level.channels)
    }

    private func convolution(_ from: Int, _ to: Int) -> Double { Double(9 * from * to) }

    private func resnet(from: Int, to: Int) -> Double {
        convolution(from, to) + convolution(to, to) + (from == to ? 0 : Double(from * to))
    }

    /// Projections, self-attention, attention to the prompt, and the gated feed-forward of 4 times the
    /// width.
    private func transformer(
        _ level: Level, _ places: Double, of all: Double, _ tokens: Int, _ merging: Double
    ) -> Double {
        let (channels, tokens) = (Double(level.channels), Double(tokens))
        let left = places * (1 - merging)
        let selfAttention =
            4 * left * channels * channels + 2 * left * (all * (1 - merging)) * channels
        let attention =
            2 * places * channels * channels + 2 * places * tokens * channels
            + 2 * tokens * channels * Double(level.contextChannels)
        let feedForward = 12 * places * channels * channels
        return 2 * places * channels * channels
            + Double(level.transformerDepth) * (selfAttention + attention + feedForward)
    }
}
