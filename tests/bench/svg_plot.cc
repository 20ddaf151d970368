#include "tests/bench/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace frontdesk::bench {
namespace {

constexpr double kWidth = 430;  // of the area of a panel
constexpr double kHeight = 260;
constexpr double kLeft = 70;
constexpr double kTop = 70;
constexpr double kStep = kLeft + kWidth + 30;  // from panel to panel

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

struct Scale {
  double low;
  double high;
  bool logarithmic;

  // 0 at the low end, 1 at the high one.
  double At(double value) const {
    if (!logarithmic) return (value - low) / (high - low);
    return std::log(std::max(value, low) / low) / std::log(high / low);
  }
  std::vector<double> Ticks() const {
    std::vector<double> ticks;
    if (logarithmic) {
      for (double tick = low; tick <= high * 1.001; tick *= 10) {
        for (const double digit : {1.0, 2.0, 5.0}) {
          if (tick * digit <= high * 1.001) ticks.push_back(tick * digit);
        }
      }
    } else {
      for (int i = 0; i <= 5; ++i) ticks.push_back(low + (high - low) * i / 5);
    }
    return ticks;
  }
};

// The next of 1, 2, 5, 10, ... that is not smaller.
double RoundUp(double value) {
  const double power = std::pow(10, std::floor(std::log10(std::max(value, 1e-9))));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= value) return digit * power;
  }
  return 10 * power;
}

Scale YScale(const PlotPanel& panel) {
  double most = panel.mark;
  double least = 1e300;
  for (const PlotLine& line : panel.lines) {
    for (const auto& [x, y] : line.points) {
      most = std::max(most, y);
      if (y > 0) least = std::min(least, y);
    }
  }
  if (!panel.log_y) return {0, RoundUp(most), false};
  return {std::pow(10, std::floor(std::log10(std::min(least, most)))), RoundUp(most), true};
}

Scale XScale(const std::vector<PlotPanel>& panels) {
  double low = 1e300;
  double high = 0;
  for (const PlotPanel& panel : panels) {
    for (const PlotLine& line : panel.lines) {
      for (const auto& [x, y] : line.points) {
        low = std::min(low, x);
        high = std::max(high, x);
      }
    }
  }
  return {low, high, true};
}

class Panel {
 public:
  Panel(std::string& svg, const PlotPanel& panel, const Scale& x, double left)
      : svg_(svg), panel_(panel), x_(x), y_(YScale(panel)), left_(left) {}

  void Draw(const std::string& x_title) {
    Text(left_, kTop - 14, "start", "bold", panel_.title);
    Text(left_ + kWidth / 2, kTop + kHeight + 38, "middle", "normal", x_title);
    for (const double tick : y_.Ticks()) {
      Line(left_, Y(tick), left_ + kWidth, Y(tick), "#ddd", "");
      Text(left_ - 6, Y(tick) + 4, "end", "normal", Number(tick) + panel_.y_unit);
    }
    for (const double tick : {0.5, 1.0, 2.0, 3.0, 5.0, 10.0}) {
      if (tick < x_.low * 0.999 || tick > x_.high * 1.001) continue;
      Line(X(tick), kTop, X(tick), kTop + kHeight, "#eee", "");
      Text(X(tick), kTop + kHeight + 18, "middle", "normal", Number(tick) + " x");
    }
    if (panel_.mark > 0) {
      Line(left_, Y(panel_.mark), left_ + kWidth, Y(panel_.mark), "#888", "4 4");
      Text(left_ + kWidth - 4, Y(panel_.mark) - 5, "end", "normal", panel_.mark_name);
    }
    for (size_t i = 0; i < panel_.lines.size(); ++i) Curve(panel_.lines[i], i);
  }

 private:
  double X(double value) const { return left_ + kWidth * x_.At(value); }
  double Y(double value) const { return kTop + kHeight * (1 - y_.At(value)); }

  void Curve(const PlotLine& line, size_t nth) {
    std::string points;
    for (const auto& [x, y] : line.points) points += Number(X(x)) + "," + Number(Y(y)) + " ";
    svg_ += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + line.colour + "\" points=\"" +
            points + "\"/>\n";
    for (const auto& [x, y] : line.points) {
      svg_ += "<circle r=\"3\" fill=\"" + line.colour + "\" cx=\"" + Number(X(x)) + "\" cy=\"" +
              Number(Y(y)) + "\"/>\n";
    }
    const double height = kTop + 16 + 16 * static_cast<double>(nth);
    Line(left_ + 10, height - 4, left_ + 34, height - 4, line.colour, "");
    Text(left_ + 40, height, "start", "normal", line.name);
  }
  void Line(double x1, double y1, double x2, double y2, const std::string& colour,
            const std::string& dashes) {
    svg_ += "<line stroke=\"" + colour + "\" x1=\"" + Number(x1) + "\" y1=\"" + Number(y1) +
            "\" x2=\"" + Number(x2) + "\" y2=\"" + Number(y2) + "\"";
    if (!dashes.empty()) svg_ += " stroke-dasharray=\"" + dashes + "\"";
    svg_ += "/>\n";
  }
  void Text(double x, double y, const std::string& anchor, const std::string& weight,
            const std::string& text) {
    svg_ += "<text x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" text-anchor=\"" + anchor +
            "\" font-weight=\"" + weight + "\">" + text + "</text>\n";
  }

  std::string& svg_;
  const PlotPanel& panel_;
  const Scale x_;
  const Scale y_;
  const double left_;
};

}  // namespace

std::string Plot(const std::string& title, const std::string& x_title,
                 const std::vector<PlotPanel>& panels) {
  const double width = kStep * static_cast<double>(panels.size());
  const std::string size =
      "width=\"" + Number(width) + "\" height=\"" + Number(kTop + kHeight + 60) + "\"";
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size +
                    " font-family=\"sans-serif\" font-size=\"12\">\n<rect fill=\"white\" " + size +
                    "/>\n<text x=\"" + Number(kLeft) +
                    "\" y=\"26\" font-size=\"16\" font-weight=\"bold\">" + title + "</text>\n";
  const Scale x = XScale(panels);
  for (size_t i = 0; i < panels.size(); ++i) {
    Panel(svg, panels[i], x, kLeft + kStep * static_cast<double>(i)).Draw(x_title);
  }
  return svg + "</svg>\n";
}

}  // namespace frontdesk::bench
