% -*- texinfo -*-
% @deftypefn {} {@var{w} =} dequantize_symmetric (@var{codes}, @var{scale})
% Return the weights that codes of @code{quantize_symmetric} stand for, as double.
%
% They are @code{@var{codes} .* @var{scale}}; @var{scale} is one number, or a column or row with
% one a row or column of @var{codes}.
%
% @example
% @group
% dequantize_symmetric (int8 ([64, -127]), 0.5)
%    @result{} 32.000  -63.500
% @end group
% @end example
% @seealso{quantize_symmetric}
% @end deftypefn

function w = dequantize_symmetric(codes, scale)
  if nargin ~= 2
    print_usage();
  end
  op = 'dequantize_symmetric';
  codes = check_codes(op, codes);
  scale = check_per_channel(op, 'SCALE', scale, codes);
  w = decode_codes(codes, scale, 0, 'double');
end

%!assert(dequantize_symmetric(int8([64, -127]), 0.5), [32, -63.5])
%!assert(dequantize_symmetric(int8([1, 2; 3, 4]), [1; 10]), [1, 2; 30, 40])
%!assert(dequantize_symmetric(int8([1, 2; 3, 4]), [1, 10]), [1, 20; 3, 40])
%!test
%! [w, codes, scale] = quantize_symmetric(magic(4) - 8, 'axis', 2);
%! assert(dequantize_symmetric(codes, scale), w);
%!error <SCALE must have size 1x1, 2x1 or 1x3, got 3x1> dequantize_symmetric(ones(2, 3), [1; 2; 3])
%!error <CODES must be whole numbers, got 0.5> dequantize_symmetric(0.5, 1)
%!error <Invalid call> dequantize_symmetric(1)
