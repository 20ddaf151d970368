// A small picture of lines over a common logarithmic x axis, as SVG text.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace frontdesk::bench {

struct PlotLine {
  std::string name;
  std::string colour;
  std::vector<std::pair<double, double>> points;  // x, y
};

struct PlotPanel {
  std::string title;
  std::string y_unit;
  bool log_y = false;
  std::vector<PlotLine> lines;
  double mark = 0;  // a dashed line at this height; 0 for none
  std::string mark_name;
};

// The panels side by side; x in multiples of what `x_title` says.
std::string Plot(const std::string& title, const std::string& x_title,
                 const std::vector<PlotPanel>& panels);

}  // namespace frontdesk::bench
