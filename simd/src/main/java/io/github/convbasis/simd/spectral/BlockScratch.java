package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;

/** What one task needs for blocks of one size. Mutable, not thread-safe. */
final class BlockScratch {
  /** 2L rows of {@code [re | im]}, from {@link #offset}. */
  final float[] rows;

  final int offset = FloatScratch.OFFSET;

  /** 2L logits. */
  final double[] samples;

  /** A kernel window of 2L for each lane, one after the other. */
  final float[] windows;

  /** Spectra of all pieces at the frequencies of a work item; see {@link #reserve}. */
  float[] inputs = new float[0];

  /** Kernel values of one frequency and all pieces; see {@link #reserve}. */
  float[] packed = new float[0];

  BlockScratch(int blockSize) {
    rows = FloatScratch.allocate(2L * blockSize * BatchFft.ROW);
    windows = new float[blockSize * BatchFft.ROW];
    samples = new double[ScaledExp.padded(2 * blockSize)];
  }

  /** Makes room for a product. */
  void reserve(int inputLength, int packedLength) {
    if (inputs.length < inputLength) {
      inputs = new float[inputLength];
    }
    if (packed.length < packedLength) {
      packed = new float[packedLength];
    }
  }
}
