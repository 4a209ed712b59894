% -*- texinfo -*-
% @deftypefn  {} {[@var{w}, @var{mask}] =} prune_relative (@var{w}, @var{rate})
% @deftypefnx {} {[@var{w}, @var{mask}] =} @
% prune_relative (@var{w}, @var{rate}, "scope", @var{scope})
% Return the weights without those that are small beside the largest one, and the mask.
%
% A weight goes where @code{abs (@var{w}) < @var{rate} * max (abs (@var{w}))}: the deep-learning
% article's pruning.  @var{scope} says what the largest is taken from: @qcode{"layer"} (the
% default) the whole matrix, @qcode{"column"} what the article's line does in Octave, each
% column, but the row of a 1-by-n matrix.  NaN never sets the maximum and is never removed.
%
% @example
% @group
% prune_relative ([1, 0.1; 0.5, 0.2], 0.3)
%    @result{} 1.0000        0
%       0.5000        0
% @end group
% @end example
% @seealso{prune_threshold, prune_magnitude, prune_model}
% @end deftypefn

function [w, mask] = prune_relative(w, rate, varargin)
  if nargin < 2
    print_usage();
  end
  op = 'prune_relative';
  options = parse_options(op, struct('scope', 'layer'), varargin);
  w = check_matrix(op, 'W', w, 'nan');
  rate = check_number(op, 'RATE', rate, '[0, 1]');
  scope = check_choice(op, 'SCOPE', options.scope, {'layer', 'column'});
  if isempty(w)
    mask = true(size(w));
    return
  end
  if strcmp(scope, 'layer')
    largest = max(abs(w(:)));
  else
    largest = max(abs(w));
  end
  mask = ~(abs(w) < rate * largest);
  w(~mask) = 0;
end

%!test
%! w = [1, 0.1; 0.5, 0.2];
%! [~, mask] = prune_relative(w, 0.6);
%! assert(mask, logical([1, 0; 0, 0]));
%! [~, mask] = prune_relative(w, 0.6, 'scope', 'column');
%! assert(mask, logical([1, 0; 0, 1]));
%!assert(prune_relative([4, 1, 2], 0.5, 'scope', 'column'), [4, 0, 2])
%!assert(prune_relative([NaN, 1, 4], 0.5), [NaN, 0, 4])
%!assert(class(prune_relative(single(1), 0.5)), 'single')
%!error <RATE must be in \[0, 1\], got 2> prune_relative(1, 2)
%!error <SCOPE must be "layer" or "column", got "row"> prune_relative(1, 0.5, 'scope', 'row')
%!error <options must be of scope, got "scpoe"> prune_relative(1, 0.5, 'scpoe', 'row')
