function w = decode_codes(codes, scale, zero_point, kind)
  % (CODES - ZERO_POINT) .* SCALE in the float class KIND, where it saturates.
  w = limited((double(codes) - zero_point) .* scale, kind);
end
