% -*- texinfo -*-
% @deftypefn  {} {@var{w} =} dequantize_grid (@var{codes})
% @deftypefnx {} {@var{w} =} dequantize_grid (@var{codes}, "bits", @var{bits})
% Return the weights that codes of @code{quantize_grid} stand for, as double.
%
% They are @code{@var{codes} / (2 ^ @var{bits} - 1)}, with @var{bits} in [1, 15] (default 8).
%
% @example
% @group
% dequantize_grid (int16 ([51, -255]))
%    @result{} 0.2000  -1.0000
% @end group
% @end example
% @seealso{quantize_grid}
% @end deftypefn

function w = dequantize_grid(codes, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'dequantize_grid';
  options = parse_options(op, struct('bits', 8), varargin);
  codes = check_codes(op, codes);
  w = codes / (2^check_integer(op, 'BITS', options.bits, '[1, 15]') - 1);
end

%!assert(dequantize_grid(int16([51, -255])), [0.2, -1])
%!assert(dequantize_grid(3, 'bits', 2), 1)
%!test
%! [w, codes] = quantize_grid(sin(1:7));
%! assert(dequantize_grid(codes), w);
%!error <CODES must be whole numbers, got 0.5> dequantize_grid([1, 0.5])
%!error <BITS must be a whole number in \[1, 15\], got 0> dequantize_grid(1, 'bits', 0)
%!error <Invalid call> dequantize_grid()
