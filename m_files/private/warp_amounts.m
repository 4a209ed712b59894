function amounts = warp_amounts(limits, count)
  % Random warps for warp_matrix, one a column: six numbers from rand for each, one warp after the
  % other, between minus and plus LIMITS (shift, rotation in degrees, scale, shear).
  largest = limits([1, 1, 2, 3, 3, 4]);
  largest(3) = largest(3) * (pi / 180);
  amounts = largest(:) .* (2 * rand(6, count) - 1);
end
