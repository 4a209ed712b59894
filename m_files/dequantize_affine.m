% -*- texinfo -*-
% @deftypefn {} {@var{w} =} dequantize_affine (@var{codes}, @var{scale}, @var{zero_point})
% Return the weights that codes of @code{quantize_affine} stand for, as double.
%
% They are @code{(@var{codes} - @var{zero_point}) .* @var{scale}}; @var{scale} and
% @var{zero_point} are one number each, or a column or row with one a row or column of
% @var{codes}.
%
% @example
% @group
% dequantize_affine (uint8 ([1, 3, 0]), 1, 1)
%    @result{} 0   2  -1
% @end group
% @end example
% @seealso{quantize_affine}
% @end deftypefn

function w = dequantize_affine(codes, scale, zero_point)
  if nargin ~= 3
    print_usage();
  end
  op = 'dequantize_affine';
  codes = check_codes(op, codes);
  scale = check_per_channel(op, 'SCALE', scale, codes);
  zero_point = check_per_channel(op, 'ZERO_POINT', zero_point, codes);
  w = decode_codes(codes, scale, zero_point, 'double');
end

%!assert(dequantize_affine(uint8([1, 3, 0]), 1, 1), [0, 2, -1])
%!assert(dequantize_affine(uint8([1, 2; 3, 4]), [1; 10], [0; 3]), [1, 2; 0, 10])
%!test
%! [w, codes, scale, zero_point] = quantize_affine(magic(4) - 8, 'bits', 5, 'axis', 2);
%! assert(dequantize_affine(codes, scale, zero_point), w);
%!error <ZERO_POINT must have size 1x1, 1x1 or 1x2, got 2x1> dequantize_affine([1, 2], 1, [1; 2])
%!error <CODES must be whole numbers, got 0.5> dequantize_affine(0.5, 1, 0)
%!error <Invalid call> dequantize_affine(1, 2)
