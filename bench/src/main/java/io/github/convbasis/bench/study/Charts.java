package io.github.convbasis.bench.study;

import java.awt.Color;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.plot.XYPlot;

/** What figures of studies look like. Stateless and thread-safe. */
final class Charts {
  private static final Color[] COLOURS = {
    Color.BLACK, new Color(0x1b9e77), new Color(0xd95f02), new Color(0x7570b3), new Color(0x1f78b4)
  };

  private Charts() {}

  /** Colours the first series, at most five, and clears the background. */
  static void style(JFreeChart chart, int series) {
    XYPlot plot = chart.getXYPlot();
    for (int s = 0; s < series; s++) {
      plot.getRenderer().setSeriesPaint(s, COLOURS[s]);
    }
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(Color.LIGHT_GRAY);
    plot.setRangeGridlinePaint(Color.LIGHT_GRAY);
    chart.setBackgroundPaint(Color.WHITE);
  }
}
