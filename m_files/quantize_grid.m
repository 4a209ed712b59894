% -*- texinfo -*-
% @deftypefn  {} {[@var{w}, @var{codes}, @var{scale}, @var{zero_point}] =} quantize_grid (@var{w})
% @deftypefnx {} {[@dots{}] =} quantize_grid (@var{w}, "bits", @var{bits})
% Return the weights on the fixed grid of both articles, @code{round (@var{w} * 255) / 255}.
%
% The grid's step is @code{1 / (2 ^ @var{bits} - 1)} whatever the weights are, with @var{bits} in
% [1, 15] (default 8).  The articles call it 8 bits; within +-1 it has 511 levels, which need
% nine, and beyond +-1 more.  @var{codes} are int16, so weights beyond
% @code{32767 / (2 ^ @var{bits} - 1)} are refused, as are NaN and Inf.  The first output is
% @code{@var{codes} / (2 ^ @var{bits} - 1)} in the class of @var{w}; @var{scale} is the step and
% @var{zero_point} 0.
%
% @example
% @group
% [w, codes] = quantize_grid ([0.5, -1])
%    @result{} w =  0.5020  -1.0000
%       codes =  128  -255
% @end group
% @end example
% @seealso{dequantize_grid, quantize_symmetric, quantize_affine}
% @end deftypefn

function [w, codes, scale, zero_point] = quantize_grid(w, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'quantize_grid';
  options = parse_options(op, struct('bits', 8), varargin);
  w = check_matrix(op, 'W', w);
  levels = 2^check_integer(op, 'BITS', options.bits, '[1, 15]') - 1;
  values = double(w);
  check_codes_fit(op, values, levels);
  codes = int16(round(values * levels));
  w = cast(double(codes) / levels, class(w));
  scale = 1 / levels;
  zero_point = 0;
end

function check_codes_fit(op, values, levels)
  % Requires that every code fits into int16.
  limit = 32767 / levels;
  beyond = values(abs(values) > limit);
  if ~isempty(beyond)
    bound = number_text(limit);
    value_error(op, 'W', sprintf('be in [-%s, %s] for codes of 16 bits', bound, bound), ...
                number_text(beyond(1)));
  end
end

%!test
%! [w, codes, scale, zero_point] = quantize_grid([0.5, -1; 0, 2]);
%! assert(codes, int16([128, -255; 0, 510]));
%! assert(w, [128 / 255, -1; 0, 2]);
%! assert(scale, 1 / 255);
%! assert(zero_point, 0);
%!test  % halves go away from zero, here at the step 1
%! [~, codes] = quantize_grid([0.5, -0.5, 1.5, -2.5], 'bits', 1);
%! assert(codes, int16([1, -1, 2, -3]));
%!assert(class(quantize_grid(single(0.3))), 'single')
%!assert(quantize_grid(zeros(0, 3)), zeros(0, 3))
%!error <W must be in \[-128.49803921568628, 128.49803921568628\] for codes of 16 bits, got -200>
%! quantize_grid([1, -200, 300])
%!error <BITS must be a whole number in \[1, 15\], got 16> quantize_grid(1, 'bits', 16)
%!error <W must not contain NaN> quantize_grid(NaN)
%!error <Invalid call> quantize_grid()
