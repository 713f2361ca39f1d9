package io.github.convbasis.properties;

import io.github.convbasis.fft.ComplexFft;

/** Transforms of the scalar reference, one column after the other. */
class ScalarTransformProperties extends TransformContract implements ScalarContract {
  @Override
  int columns() {
    return 2;
  }

  @Override
  Transform transform(int size) {
    ComplexFft fft = new ComplexFft(size);
    return new Transform() {
      @Override
      public void forward(Batch batch) {
        for (int column = 0; column < batch.re().length; column++) {
          fft.forward(batch.re()[column], batch.im()[column]);
        }
      }

      @Override
      public void inverse(Batch batch) {
        for (int column = 0; column < batch.re().length; column++) {
          fft.inverse(batch.re()[column], batch.im()[column]);
        }
      }
    };
  }
}
