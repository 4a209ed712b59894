% -*- texinfo -*-
% @deftypefn  {} {[@var{w}, @var{codes}, @var{scale}, @var{zero_point}] =} quantize_affine (@var{w})
% @deftypefnx {} {[@dots{}] =} quantize_affine (@dots{}, "bits", @var{bits})
% @deftypefnx {} {[@dots{}] =} quantize_affine (@dots{}, "axis", @var{axis})
% Return the weights on a grid of whole numbers from the smallest to the largest one.
%
% @code{@var{codes} = round (@var{w} / @var{scale}) + @var{zero_point}}, limited to [0, qmax]
% with @code{qmax = 2 ^ @var{bits} - 1} and
% @code{@var{scale} = (max (@var{w}) - min (@var{w})) / qmax}; where the scale would be 0, or
% subnormal, it is 1.  The range always includes 0, and 0 is exact.  @var{bits} lies in [1, 32]
% (default 8), and the codes are uint8, uint16 or uint32, the smallest that holds it.
% @var{axis} is as in @code{quantize_symmetric}.  The first output is
% @code{(@var{codes} - @var{zero_point}) .* @var{scale}} in the class of @var{w}.  NaN and Inf
% are refused.
%
% @example
% @group
% [w, codes] = quantize_affine ([0, 2, -1], "bits", 2)
%    @result{} w =  0   2  -1
%       codes =  1  3  0
% @end group
% @end example
% @seealso{dequantize_affine, quantize_symmetric, quantize_grid}
% @end deftypefn

function [w, codes, scale, zero_point] = quantize_affine(w, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'quantize_affine';
  options = parse_options(op, struct('bits', 8, 'axis', []), varargin);
  axis = check_axis(op, options.axis);
  w = check_matrix(op, 'W', w);
  bits = check_integer(op, 'BITS', options.bits, '[1, 32]');
  values = double(w);
  [low, high] = channel_range(values, axis);
  qmax = 2^bits - 1;
  % Not (high - low) / qmax, which could overflow; and 0 - low, which is never -0.
  scale = high / qmax - low / qmax;
  scale(scale < realmin) = 1;
  zero_point = min(max(round((0 - low) ./ scale), 0), qmax);
  codes = min(max(round(values ./ scale) + zero_point, 0), qmax);
  codes = cast(codes, code_class('uint', bits));
  w = decode_codes(codes, scale, zero_point, class(w));
end

%!test
%! [w, codes, scale, zero_point] = quantize_affine([0, 2, -1], 'bits', 2);
%! assert(w, [0, 2, -1]);
%! assert(codes, uint8([1, 3, 0]));
%! assert(scale, 1);
%! assert(zero_point, 1);
%!test
%! [w, codes, scale, zero_point] = quantize_affine([5, 10; -3, -1; 0, 0], 'bits', 1, 'axis', 1);
%! assert(codes, uint8([1, 1; 0, 1; 0, 0]));
%! assert(scale, [10; 3; 1]);
%! assert(zero_point, [0; 1; 0]);
%! assert(w, [10, 10; -3, 0; 0, 0]);
%!test
%! [w, codes, scale] = quantize_affine(zeros(0, 2), 'axis', 2);
%! assert(codes, zeros(0, 2, 'uint8'));
%! assert(scale, [1, 1]);
%!assert(class(nthargout(2, @quantize_affine, 1, 'bits', 17)), 'uint32')
%!assert(class(quantize_affine(single([1, 2]))), 'single')
%!assert(quantize_affine([realmax, -realmax]), [realmax, -realmax], -0.01)
%!error <BITS must be a whole number in \[1, 32\], got 0> quantize_affine(1, 'bits', 0)
%!error <AXIS must be a whole number in \[1, 2\], got 0> quantize_affine(1, 'axis', 0)
%!error <W must not contain NaN> quantize_affine([1, NaN])
%!error <Invalid call> quantize_affine()
