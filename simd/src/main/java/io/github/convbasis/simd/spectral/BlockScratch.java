package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;

/** What one task needs for blocks of one size. Mutable, not thread-safe. */
final class BlockScratch {
  /** 2L rows of {@code [re | im]}, from {@link #offset}. */
  final float[] rows;

  final int offset = FloatScratch.OFFSET;

  /** L entries of a kernel. */
  final double[] samples;

  /** A half window of L for each lane, one after the other. */
  final float[] windows;

  /** Spectra of all pieces at the frequencies of a work item; see {@link #reserve}. */
  float[] inputs = new float[0];

  /** Kernel values of one frequency and all pieces; see {@link #reserve}. */
  float[] packed = new float[0];

  /** L rows that several pieces give; see {@link #joined}. */
  private float[] joined = new float[0];

  BlockScratch(int blockSize) {
    rows = FloatScratch.allocate(2L * blockSize * BatchFft.ROW);
    windows = new float[blockSize * Lanes.COUNT];
    samples = new double[ScaledExp.padded(blockSize)];
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

  /** Returns L rows, from their start. */
  float[] joined() {
    if (joined.length == 0) {
      joined = new float[rows.length / 2];
    }
    return joined;
  }
}
