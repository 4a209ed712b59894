function values = limited(values, kind)
  % VALUES in the float class KIND, where they saturate.
  largest = double(realmax(kind));
  values = cast(min(max(double(values), -largest), largest), kind);
end
