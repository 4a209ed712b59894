function w = decode_codes(codes, scale, zero_point, kind)
  % (CODES - ZERO_POINT) .* SCALE in the float class KIND, where it saturates.
  largest = double(realmax(kind));
  w = (double(codes) - zero_point) .* scale;
  w = cast(min(max(w, -largest), largest), kind);
end
