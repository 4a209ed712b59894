% -*- texinfo -*-
% @deftypefn  {} {[@var{w}, @var{codes}, @var{scale}, @var{zero_point}] =} @
% quantize_symmetric (@var{w})
% @deftypefnx {} {[@dots{}] =} quantize_symmetric (@dots{}, "bits", @var{bits})
% @deftypefnx {} {[@dots{}] =} quantize_symmetric (@dots{}, "axis", @var{axis})
% Return the weights on a grid of whole numbers around zero, scaled to the largest one.
%
% @code{@var{codes} = round (@var{w} / @var{scale})} with
% @code{@var{scale} = max (abs (@var{w})) / qmax} and @code{qmax = 2 ^ (@var{bits} - 1) - 1};
% where the scale would be 0, or subnormal, it is 1.  @var{bits} lies in [2, 32] (default 8),
% and the codes are int8, int16 or int32, the smallest that holds it.  @var{axis} 1 gives one
% scale a row, 2 one a column; without it there is one for the matrix.  The first output is
% @code{@var{codes} .* @var{scale}} in the class of @var{w}; @var{zero_point} is 0.  NaN and Inf
% are refused.
%
% @example
% @group
% [w, codes] = quantize_symmetric ([0.5, -1])
%    @result{} w =  0.5039  -1.0000
%       codes =  64  -127
% @end group
% @end example
% @seealso{dequantize_symmetric, quantize_affine, quantize_grid}
% @end deftypefn

function [w, codes, scale, zero_point] = quantize_symmetric(w, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'quantize_symmetric';
  options = parse_options(op, struct('bits', 8, 'axis', []), varargin);
  axis = check_axis(op, options.axis);
  w = check_matrix(op, 'W', w);
  bits = check_integer(op, 'BITS', options.bits, '[2, 32]');
  values = double(w);
  [low, high] = channel_range(values, axis);
  qmax = 2^(bits - 1) - 1;
  scale = max(high, -low) / qmax;
  scale(scale < realmin) = 1;
  zero_point = zeros(size(scale));
  codes = cast(min(max(round(values ./ scale), -qmax), qmax), code_class('int', bits));
  w = decode_codes(codes, scale, zero_point, class(w));
end

%!test
%! [w, codes, scale, zero_point] = quantize_symmetric([0.5, -1; 0, 0.25]);
%! assert(codes, int8([64, -127; 0, 32]));
%! assert(scale, 1 / 127);
%! assert(zero_point, 0);
%! assert(w, [64, -127; 0, 32] / 127, eps);
%!test
%! [w, codes, scale] = quantize_symmetric([1, 2; 0, 0; -6, 3], 'bits', 2, 'axis', 1);
%! assert(codes, int8([1, 1; 0, 0; -1, 1]));
%! assert(scale, [2; 1; 6]);
%!test
%! [w, codes, scale] = quantize_symmetric([1, 2; -6, 3], 'bits', 2, 'axis', 2);
%! assert(codes, int8([0, 1; -1, 1]));
%! assert(scale, [6, 3]);
%!test
%! [w, codes, scale] = quantize_symmetric(zeros(2, 0), 'axis', 1);
%! assert(codes, zeros(2, 0, 'int8'));
%! assert(scale, [1; 1]);
%!test
%! [w, codes] = quantize_symmetric(single([pi, -1]), 'bits', 32);
%! assert(class(codes), 'int32');
%! assert(w, single([pi, -1]));
%!assert(class(nthargout(2, @quantize_symmetric, 1, 'bits', 9)), 'int16')
%!error <BITS must be a whole number in \[2, 32\], got 33> quantize_symmetric(1, 'bits', 33)
%!error <AXIS must be a whole number in \[1, 2\], got 3> quantize_symmetric(1, 'axis', 3)
%!error <W must not contain Inf> quantize_symmetric([1, -Inf])
%!error <Invalid call> quantize_symmetric()

%!demo
%! % Three bits: seven levels around zero.
%! if have_window_system()
%!   w = linspace(-1, 1, 401);
%!   plot(w, w, ':', w, quantize_symmetric(w, 'bits', 3), '-');
%!   xlabel('weight');
%!   legend('as it is', 'three bits', 'location', 'northwest');
%! end
